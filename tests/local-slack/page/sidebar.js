// The sidebar: channels, group conversations, and the app with its Home tab.

import { el, fill } from "./dom.js";
import { go } from "./route.js";
import { channelsOf, direct, nameOf, store, unread } from "./store.js";

/** Draws the sidebar. */
export function drawSidebar(nav) {
  const places = [
    { title: "Channels", lines: of("public").map((channel) => line(channel.id, channel.name, channel.name, "#", channel)) },
    { title: "Group conversations", lines: of("group").map((channel) => line(channel.id, channel.id, peopleOf(channel), "∷", channel)) },
    {
      title: "Apps",
      lines: [line("app", "app", "Countersign", "✓", direct()), line("home", "home", "Countersign › Home", "⌂", null)],
    },
  ].filter(({ lines }) => lines.length > 0);
  const sign = JSON.stringify(places);
  if (nav.dataset.sign === sign) return;
  nav.dataset.sign = sign;
  const focused = nav.contains(document.activeElement) && document.activeElement.dataset.testid;
  fill(nav, places.map(({ title, lines }) => [el("h2", {}, title), el("ul", {}, lines.map(drawLine))]));
  if (focused) nav.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
}

const of = (kind) => channelsOf(store.me).filter((channel) => channel.kind === kind);

/** The others of a group conversation. */
export function peopleOf(channel) {
  const others = channel.members.filter((id) => id !== store.me.userId && id !== store.botUserId);
  return others.map((id) => nameOf(id).split(" ")[0]).join(", ");
}

function line(place, name, label, sign, channel) {
  return { place, name, label, sign, open: store.place === place, unread: channel ? unread(channel.id, store.me) : 0 };
}

function drawLine({ place, name, label, sign, open, unread: count }) {
  const attributes = {
    type: "button", class: `place-link${count ? " unread" : ""}`, "data-testid": `place-${name}`,
    "aria-current": open ? "page" : undefined, onclick: () => choose(place),
  };
  return el("li", {}, el("button", attributes,
    el("span", { class: "sign", "aria-hidden": "true" }, sign), el("span", { class: "place-name" }, label),
    count > 0 && el("span", { class: "badge", "data-testid": `unread-${name}` }, String(count), el("span", { class: "unseen" }, " unread"))));
}

function choose(place) {
  go({ place, thread: null });
  showSidebar(false);
}

/** Opens or closes the sidebar where it lies over the messages: on a narrow screen. */
export function showSidebar(open) {
  document.body.classList.toggle("menu-open", open);
  document.getElementById("menu").setAttribute("aria-expanded", String(open));
  if (open) document.querySelector("#sidebar [aria-current]")?.focus();
}
