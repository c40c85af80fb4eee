// The page's address: #/<person>/<place>[/<thread ts>]. It holds all that is open, so that Back works and links can be
// passed on. A modal is not part of it: it belongs to the person, not to the page.

import { lastPerson, rememberPerson, store } from "./store.js";

const FIRST_PLACE = "approvals";

/** Goes somewhere; what is not named stays. */
export function go({ me = store.me.name, place = store.place, thread = store.thread }) {
  const placeName = store.channels.find((channel) => channel.id === place && channel.kind === "public")?.name ?? place;
  const path = [me, placeName, thread].filter(Boolean).map(encodeURIComponent).join("/");
  // Read at once: tests and people click faster than the event comes.
  if (location.hash !== `#/${path}`) location.hash = `#/${path}`;
  arrive();
}

let arrived = () => {};
let last = "";

/** Calls `then` with what changed whenever the address leads elsewhere. */
export function listen(then) {
  arrived = then;
  window.addEventListener("hashchange", arrive);
  arrive();
}

function arrive() {
  // Anything but `#/` is a link within the page.
  if (location.hash && !location.hash.startsWith("#/")) return;
  if (location.hash === last && store.me) return;
  last = location.hash;
  const [name, place, thread] = location.hash.slice(2).split("/").map(decodeURIComponent);
  const before = { me: store.me, place: store.place };
  const find = (wanted) => store.users.find((user) => user.name === wanted);
  store.me = find(name) ?? find(lastPerson()) ?? store.users[0] ?? null;
  if (store.me) rememberPerson(store.me.name);
  const named = place || store.place || FIRST_PLACE;
  const known = store.channels.find((channel) => channel.id === named || (channel.kind === "public" && channel.name === named));
  store.place = ["home", "app"].includes(named) ? named : (known?.id ?? store.channels[0]?.id ?? "app");
  store.thread = thread || null;
  arrived({ person: before.me?.name !== store.me?.name, place: before.place !== store.place });
}
