// People: their pictures, and the switch that says who the reader is.

import { el, fill } from "./dom.js";
import { go } from "./route.js";
import { channelsOf, nameOf, store, unread } from "./store.js";

/** A picture: initials on a colour of their own; a tick for the app. */
export function avatar(userId) {
  const index = store.users.findIndex((user) => user.userId === userId);
  const app = userId === store.botUserId;
  const initials = nameOf(userId).split(/\s+/).map((word) => word[0]).slice(0, 2).join("");
  return el("span", { class: `avatar ${app ? "of-app" : `of-${index}`}`, "aria-hidden": "true" }, app ? "✓" : initials);
}

/** Draws the switch "You are". */
export function drawPeople(fieldset) {
  const sign = JSON.stringify(store.users.map((person) => [person.name, waits(person)]));
  if (fieldset.dataset.sign !== sign) {
    fieldset.dataset.sign = sign;
    const focused = fieldset.contains(document.activeElement) && document.activeElement.value;
    fill(fieldset, el("legend", {}, "You are:"), store.users.map(person));
    if (focused) fieldset.querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
  }
  for (const input of fieldset.querySelectorAll("input")) input.checked = input.value === store.me?.name;
}

// The sidebar says it of the reader.
const waits = (person) => person.name !== store.me?.name && channelsOf(person).some((channel) => unread(channel.id, person) > 0);

function person(user) {
  const mark = waits(user) && el("span", { class: "dot", "data-testid": `unread-you-${user.name}` }, el("span", { class: "unseen" }, " has unread messages"));
  return el("label", { class: "you", title: user.realName },
    el("input", { type: "radio", name: "you", value: user.name, "data-testid": `you-${user.name}`,
      onchange: () => go({ me: user.name, thread: null, place: groupOfOther(user) ? "app" : undefined }) }),
    el("span", {}, user.realName.split(" ")[0], mark));
}

/** Whether what is open is a conversation the next person is not in. */
function groupOfOther(user) {
  const open = store.channels.find((channel) => channel.id === store.place);
  return open && !open.members.includes(user.userId);
}
