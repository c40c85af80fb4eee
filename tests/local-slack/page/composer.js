// Where people write: messages, slash commands with a hint, and the menu of shortcuts.

import { api, sentence } from "./api.js";
import { el, fill, freshId } from "./dom.js";
import { openChannel, refresh, store } from "./store.js";
import { noteAnswer } from "./waiting.js";

// As the app's manifest declares them.
const COMMANDS = [{
  name: "/access",
  about: "Ask for privileged access, or see and end what you hold.",
  usage: "[<entitlement> <duration> <reason> | list | status <id> | revoke <id> | help]",
}];
const SHORTCUTS = [{ callbackId: "ask_for_access", name: "Ask for access", about: "Countersign" }];

/** What the client itself has to say, by person and place: commands that failed. Slack keeps these no longer either. */
const notices = new Map();
const noticeKey = () => `${store.me.name}/${store.place}`;

/** Builds the composer below the messages. */
export function buildComposer(parent) {
  const input = el("textarea", { rows: 1, "aria-label": "Message or slash command", placeholder: "Message, or /access", "data-testid": "composer", autocomplete: "off" });
  const button = el("button", { type: "submit", class: "button primary send", "data-testid": "send" }, "Send");
  const submit = async () => {
    const text = input.value.trim();
    if (!text || button.getAttribute("aria-busy") === "true") return;
    input.value = "";
    input.dispatchEvent(new Event("input"));
    button.setAttribute("aria-busy", "true");
    const sent = await sendText(text);
    button.removeAttribute("aria-busy");
    // Nothing typed is lost, unless something new was typed meanwhile.
    if (!sent && !input.value) input.value = text;
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
    event.preventDefault();
    submit();
  });
  const form = el("form", { class: "composer" }, commandHint(input), el("div", { class: "composer-row" }, shortcutMenu(), input, button));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  parent.replaceChildren(form);
}

/** Sends a message or gives a command; says whether it went out. */
async function sendText(text) {
  const place = openChannel();
  if (!text.startsWith("/")) return say(text, place);
  const [command] = text.split(/\s/, 1);
  if (!COMMANDS.some(({ name }) => name === command)) {
    notice({ error: "unknown_command", shown: `“${command}” is not a command of this workspace. There is /access.` });
    return false;
  }
  const rest = text.slice(command.length).trim();
  // Without a place it is given in the app's direct conversation, which it opens.
  const outcome = await api.command({ user: store.me.name, command, text: rest, channel: place?.id });
  noteAnswer(command, outcome);
  if (!outcome.ok) notice(outcome, `${command} failed with the error “${outcome.error}”`);
  await refresh();
  return outcome.error !== "unreachable";
}

async function say(text, place) {
  if (!place) {
    notice({ error: "channel_not_found", shown: "This conversation is not open yet. A command such as /access help opens it." });
    return false;
  }
  // What people type is text; only apps write Slack's control characters.
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const outcome = await api.say({ user: store.me.name, channel: place.id, text: escaped });
  if (!outcome.ok) notice(outcome);
  await refresh();
  return outcome.ok;
}

/** What fits what is being typed; Tab takes it. */
function commandHint(input) {
  const id = freshId();
  const box = el("div", { class: "command-hint", id, hidden: true, "data-testid": "command-hint" });
  let fitting = [];
  const take = (command) => {
    input.value = `${command.name} `;
    input.focus();
    input.dispatchEvent(new Event("input"));
  };
  const update = () => {
    const typed = input.value;
    const [first] = typed.split(/\s/, 1);
    const complete = /\s/.test(typed);
    fitting = first.startsWith("/") ? COMMANDS.filter(({ name }) => (complete ? name === first : name.startsWith(first))) : [];
    box.hidden = fitting.length === 0;
    fill(box, fitting.map((command) =>
      el("button", {
        type: "button", tabindex: "-1", class: "command", "data-testid": `command-${command.name.slice(1)}`, onclick: () => take(command),
      }, el("strong", {}, command.name), " ", el("code", {}, command.usage), el("small", {}, command.about, complete ? "" : " Tab takes it."))));
    if (complete) fitting = [];
  };
  input.setAttribute("aria-describedby", id);
  input.addEventListener("input", update);
  input.addEventListener("focus", update);
  input.addEventListener("blur", (event) => {
    if (!box.contains(event.relatedTarget)) box.hidden = true;
  });
  input.addEventListener("keydown", (event) => {
    if (box.hidden) return;
    if (event.key === "Tab" && !event.shiftKey && fitting.length > 0) {
      event.preventDefault();
      take(fitting[0]);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      box.hidden = true;
    }
  });
  // A press on the hint must not take the focus away first, which would hide it.
  box.addEventListener("pointerdown", (event) => event.preventDefault());
  return box;
}

function shortcutMenu() {
  const id = freshId();
  const button = el("button", {
    type: "button", class: "icon-button", "data-testid": "shortcuts",
    "aria-label": "Shortcuts", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id,
  }, "⚡");
  const menu = el("div", { class: "menu", role: "menu", id, hidden: true, "aria-label": "Shortcuts" },
    SHORTCUTS.map((shortcut) => el("button", {
      type: "button", role: "menuitem", tabindex: "-1", "data-testid": `shortcut-${shortcut.callbackId}`, onclick: () => run(shortcut),
    }, el("strong", {}, shortcut.name), el("small", {}, shortcut.about))));
  const items = [...menu.children];
  const open = (yes) => {
    menu.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
    (yes ? items[0] : button).focus();
  };
  const run = async (shortcut) => {
    open(false);
    button.setAttribute("aria-busy", "true");
    const outcome = await api.shortcut({ user: store.me.name, callbackId: shortcut.callbackId });
    button.removeAttribute("aria-busy");
    noteAnswer(shortcut.name, outcome);
    if (!outcome.ok) notice(outcome);
    await refresh();
  };
  button.addEventListener("click", () => open(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      open(false);
    } else if (move) {
      event.preventDefault();
      items[(at + move + items.length) % items.length].focus();
    }
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget) && event.relatedTarget !== button) {
      menu.hidden = true;
      button.setAttribute("aria-expanded", "false");
    }
  });
  return el("div", { class: "menu-holder" }, menu, button);
}

function notice(outcome, otherwise) {
  const list = notices.get(noticeKey()) ?? [];
  notices.set(noticeKey(), [...list.slice(-2), { error: outcome.error, text: sentence(outcome, otherwise), at: Date.now() }]);
  drawNotices(document.getElementById("notices"));
}

/** Draws what the client has to say in the open place. */
export function drawNotices(parent) {
  const list = notices.get(noticeKey()) ?? [];
  const sign = JSON.stringify([noticeKey(), list]);
  if (parent.dataset.sign === sign) return;
  parent.dataset.sign = sign;
  const dismiss = (gone) => () => {
    notices.set(noticeKey(), list.filter((one) => one !== gone));
    drawNotices(parent);
  };
  fill(parent, list.map((one) =>
    el("p", { class: "notice", role: "alert", "data-testid": "notice", "data-error": one.error },
      el("span", { "aria-hidden": "true" }, "⚠ "), el("span", {}, one.text),
      el("button", { type: "button", class: "link", "data-testid": "dismiss-notice", onclick: dismiss(one) }, "Dismiss"))));
}

/** Shows that the local Slack itself did not do as it was asked, which Slack's client would have no words for. */
export function showOwnTrouble(outcome) {
  if (["refused", "unreachable"].includes(outcome.error)) notice(outcome);
}
