// Messages: a timeline, and a thread beside it.

import { drawBlocks } from "./blocks.js";
import { clockOf, dayOf, timeElement } from "./dates.js";
import { el, fill, reconcile } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { dismiss, messagesOf, names, nameOf, openChannel, store } from "./store.js";
import { go } from "./route.js";
import { avatar } from "./people.js";

// Messages of one person shortly after each other share a name and picture.
const TOGETHER_SECONDS = 300;

/** Draws the messages of the open conversation. */
export function drawTimeline(list, scroll) {
  const channel = openChannel();
  const all = channel ? messagesOf(channel.id) : [];
  const present = new Set(all.map((message) => message.ts));
  // A reply whose first message the reader does not see stands by itself.
  const top = all.filter((message) => !isReply(message) || !present.has(message.threadTs));
  const sameAsBefore = list.dataset.of === `${store.me.name}/${channel?.id}`;
  list.dataset.of = `${store.me.name}/${channel?.id}`;
  drawList(list, top, all, true);
  // The Home tab begins at its top, a conversation at its end.
  if (!sameAsBefore) atEnd = Boolean(channel);
  if (!sameAsBefore && !channel) scroll.scrollTop = 0;
  stay(scroll);
}

/** Whether the reader is at the newest message, and so wants to see what comes next. */
let atEnd = true;

const stay = (scroll) => atEnd && (scroll.scrollTop = scroll.scrollHeight);

/** Keeps the newest message in sight while the room for messages changes, for someone who was looking at it. */
export function followEnd(scroll) {
  scroll.addEventListener("scroll", () => {
    atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
  }, { passive: true });
  new ResizeObserver(() => stay(scroll)).observe(scroll);
}

/** Draws the open thread, if one is open. */
export function drawThread(panel) {
  const channel = openChannel();
  const all = channel && store.thread ? messagesOf(channel.id) : [];
  const first = all.find((message) => message.ts === store.thread);
  panel.hidden = !first;
  document.body.classList.toggle("thread-open", Boolean(first));
  if (!first) {
    panel.replaceChildren();
    delete panel.dataset.of;
    return;
  }
  const of = `${store.me.name}/${channel.id}/${first.ts}`;
  if (panel.dataset.of !== of) {
    panel.dataset.of = of;
    fill(panel,
      el("header", { class: "place-head" },
        el("h2", {}, "Thread"),
        el("button", { type: "button", class: "icon-button", "data-testid": "close-thread", "aria-label": "Close the thread", onclick: closeThread }, "×")),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Thread" }, el("ol", { class: "timeline", "data-testid": "thread", "aria-label": "Messages of the thread", tabindex: "-1" })),
      el("p", { class: "thread-note" }, "Only the app writes in threads here."));
  }
  const list = panel.querySelector("ol");
  const scroll = panel.querySelector(".scroll");
  const before = list.childElementCount;
  drawList(list, [first, ...all.filter((message) => isReply(message) && message.threadTs === first.ts)], [], false);
  if (list.childElementCount !== before) scroll.scrollTop = scroll.scrollHeight;
}

/** Closes the thread, and gives the focus back to the message it was opened from. */
export function closeThread() {
  const opener = `#messages [data-ts="${CSS.escape(store.thread ?? "")}"] [data-testid="open-thread"]`;
  go({ thread: null });
  document.querySelector(opener)?.focus();
}

const isReply = (message) => Boolean(message.threadTs) && message.threadTs !== message.ts;

function drawList(list, shown, all, withThreads) {
  const items = [];
  shown.forEach((message, index) => {
    const before = shown[index - 1];
    const newDay = !before || dayOf(before.ts) !== dayOf(message.ts);
    if (newDay && withThreads) items.push({ day: dayOf(message.ts), key: `day ${dayOf(message.ts)}` });
    const replies = withThreads ? all.filter((one) => isReply(one) && one.threadTs === message.ts) : [];
    items.push({ message, replies, compact: !newDay && together(before, message), key: message.ts });
  });
  reconcile(list, items, {
    key: (item) => item.key,
    sign: (item) => JSON.stringify(
      item.day ?? [item.message.changed, item.message.channel, store.me.name, item.compact, item.replies.length, item.replies.at(-1)?.ts]),
    make: (item) => (item.day ? el("li", { class: "day" }, el("span", {}, item.day)) : drawMessage(item)),
  });
}

function together(before, message) {
  const plain = (one) => !one.ephemeralFor && one.user !== store.botUserId;
  return before && before.user === message.user && plain(before) && plain(message)
    && Number(message.ts) - Number(before.ts) < TOGETHER_SECONDS;
}

function drawMessage({ message, replies, compact }) {
  const fromApp = message.user === store.botUserId;
  const time = timeElement(Math.floor(Number(message.ts)), clockOf(message.ts), true);
  const body = el("div", { class: "blocks" });
  if (message.blocks.length > 0) {
    const target = { channel: message.channel, ts: message.ts };
    const form = { id: `${message.channel}/${message.ts}`, blocks: message.blocks };
    drawBlocks(body, message.blocks, { form, target });
  } else {
    body.append(el("div", { class: "rich", "data-testid": "message-text" }, mrkdwn(message.text, names())));
  }
  const edits = message.edited?.count ?? 0;
  const howOften = `Edited ${edits === 1 ? "once" : `${edits} times`}, last at ${clockOf(message.edited?.ts ?? message.ts)}`;
  const edited = edits > 0 && el("span", { class: "edited", "data-testid": "edited", title: howOften }, "(edited)");
  const author = el("strong", { class: "author", "data-testid": "message-author" }, nameOf(message.user));
  return el("li", {
    class: `message${message.ephemeralFor ? " private" : ""}${compact ? " compact" : ""}`,
    "data-testid": "message", "data-ts": message.ts, "data-channel": message.channel, "data-user": message.user,
    "data-ephemeral": message.ephemeralFor ? "true" : undefined, "data-edited": edits || undefined, tabindex: "-1",
  },
  message.ephemeralFor && el("p", { class: "only-you", "data-testid": "only-you" },
    el("span", { "aria-hidden": "true" }, "◐ "), "Only visible to you",
    el("button", { type: "button", class: "link", "data-testid": "dismiss", onclick: () => dismiss(message.ts) }, "Dismiss")),
  avatar(message.user),
  el("div", { class: "message-body" },
    el("div", { class: "message-head" }, author, fromApp && el("span", { class: "app-badge" }, "App"), time),
    body,
    edited,
    replies.length > 0 && threadButton(message, replies)));
}

function threadButton(message, replies) {
  const users = [...new Set(replies.map((reply) => reply.user))].slice(0, 4);
  const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  const attributes = {
    type: "button", class: "thread-link", "data-testid": "open-thread", "data-replies": replies.length,
    onclick: () => go({ thread: message.ts }),
  };
  return el("button", attributes,
    el("span", { class: "faces", "aria-hidden": "true" }, users.map((user) => avatar(user))),
    el("span", { class: "thread-count" }, count), el("span", { class: "thread-last" }, `last at ${clockOf(replies.at(-1).ts)}`));
}
