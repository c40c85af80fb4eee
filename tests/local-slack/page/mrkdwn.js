// Slack's mrkdwn, drawn with DOM nodes only (https://docs.slack.dev/messaging/formatting-message-text).

import { el } from "./dom.js";
import { formatDate, timeElement } from "./dates.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const unescape = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);

/** `names` says who and what ids stand for: `{ user(id), channel(id), me }`. */
export function mrkdwn(text, names) {
  const out = document.createDocumentFragment();
  // Fences first: nothing within them means anything.
  const parts = text.split(/```\n?([\s\S]*?)\n?```/);
  parts.forEach((part, index) => {
    if (index % 2 === 1) out.append(el("pre", {}, ...preformatted(part)));
    else out.append(...lines(part, names));
  });
  return out;
}

/** A plain_text object: no markup, line breaks kept by the style sheet. */
export function plain(text) {
  return document.createTextNode(text);
}

/** The words alone, for screen readers and notifications. */
export function words(text, names) {
  return mrkdwn(text, names).textContent;
}

function lines(text, names) {
  const nodes = [];
  const all = text.replace(/^\n|\n$/g, "").split("\n");
  if (all.length === 1 && all[0] === "") return nodes;
  let quote = null;
  all.forEach((line, index) => {
    const quoted = /^(?:>|&gt;)\s?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) nodes.push((quote = el("blockquote")));
      else quote.append("\n");
      quote.append(...inline(quoted[1], names));
      return;
    }
    if (index > 0 && !quote) nodes.push(document.createTextNode("\n"));
    quote = null;
    nodes.push(...inline(line, names));
  });
  return nodes;
}

// A mark counts only at the edge of a word, as in Slack: `a*b*c` and `snake_case_name` stay as they are.
const MARKED = [
  ["*", "strong"],
  ["_", "em"],
  ["~", "s"],
];
const WORD = /[\p{L}\p{N}]/u;

function inline(text, names) {
  const nodes = [];
  let run = "";
  const flush = () => {
    if (run) nodes.push(document.createTextNode(unescape(run)));
    run = "";
  };
  let at = 0;
  while (at < text.length) {
    const found = code(text, at) ?? special(text, at, names) ?? marked(text, at, names);
    if (!found) {
      run += text[at];
      at += 1;
      continue;
    }
    flush();
    nodes.push(found.node);
    at = found.end;
  }
  flush();
  return nodes;
}

function code(text, at) {
  if (text[at] !== "`") return null;
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1) return null;
  return { node: el("code", {}, ...preformatted(text.slice(at + 1, end))), end: end + 1 };
}

/** Code keeps its marks; only entities and links are resolved, as Slack does. */
function preformatted(text) {
  const shown = text.replace(/<(?:https?:|mailto:)[^<>|]*(?:\|([^<>]*))?>/g, (whole, label) => label ?? whole.slice(1, -1));
  return [document.createTextNode(unescape(shown))];
}

function marked(text, at, names) {
  const mark = MARKED.find(([character]) => character === text[at]);
  if (!mark) return null;
  const before = text[at - 1];
  if (before && (WORD.test(before) || before === mark[0])) return null;
  if (!text[at + 1] || /\s/.test(text[at + 1]) || text[at + 1] === mark[0]) return null;
  for (let end = at + 1; end < text.length; end += 1) {
    end = skipped(text, end);
    const after = text[end + 1];
    if (text[end] !== mark[0] || end < at + 2 || /\s/.test(text[end - 1])) continue;
    if (after && (WORD.test(after) || after === mark[0])) continue;
    return { node: el(mark[1], {}, ...inline(text.slice(at + 1, end), names)), end: end + 1 };
  }
  return null;
}

/** The end of the code or reference that starts here: a mark within it closes nothing, as in `s3:*`. */
function skipped(text, at) {
  const close = { "`": "`", "<": ">" }[text[at]];
  const end = close ? text.indexOf(close, at + 1) : -1;
  return end === -1 ? at : end;
}

function special(text, at, names) {
  if (text[at] !== "<") return null;
  const end = text.indexOf(">", at);
  if (end === -1) return null;
  const inner = text.slice(at + 1, end);
  const cut = inner.indexOf("|");
  const [target, label] = cut === -1 ? [inner, null] : [inner.slice(0, cut), inner.slice(cut + 1)];
  const node = reference(target, label, names);
  return node && { node, end: end + 1 };
}

function reference(target, label, names) {
  if (target.startsWith("@")) {
    const id = target.slice(1);
    return el("span", { class: id === names.me ? "mention me" : "mention", "data-user": id }, `@${names.user(id) ?? label ?? id}`);
  }
  if (target.startsWith("#")) {
    const id = target.slice(1);
    return el("span", { class: "mention" }, `#${label || names.channel(id) || id}`);
  }
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return el("span", { class: "mention" }, label ? unescape(label) : "@group");
  if (["!here", "!channel", "!everyone"].includes(target)) return el("span", { class: "mention me" }, `@${target.slice(1)}`);
  if (target.startsWith("!")) return el("span", {}, unescape(label ?? `<${target}>`));
  return link(target, label);
}

function date(target, label) {
  const [, seconds, format, url] = target.split("^");
  const text = formatDate(Number(seconds), unescape(format ?? ""));
  if (text === null) return el("span", {}, unescape(label ?? ""));
  const time = timeElement(Number(seconds), text);
  return (url && link(url, null, time)) || time;
}

function link(target, label, content) {
  const url = unescape(target);
  // Only what Slack makes a link of; above all no javascript: address.
  if (!/^(?:https?:\/\/|mailto:)/i.test(url)) return null;
  const shown = content ?? (label ? unescape(label) : url.replace(/^mailto:/i, ""));
  return el("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, shown);
}
