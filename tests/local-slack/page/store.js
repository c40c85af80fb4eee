// What the page knows of the workspace, kept up to date from the local Slack, and what is open on the page.

import { api } from "./api.js";

export const store = {
  botUserId: "",
  users: [],
  channels: [],
  /** All messages by conversation and ts; those for one person only are sorted out when they are drawn. */
  messages: new Map(),
  views: { modals: [], home: null },
  waiting: {},
  /** Who the reader is: a person of `users`. */
  me: null,
  /** What is open: `home`, `app`, or the id of a conversation. */
  place: "",
  /** The message whose thread is open. */
  thread: null,
  connection: "polling",
};

// The whole state is read less often than messages: it lists every call that ever came in.
const STATE_EVERY_MS = 1500;
const POLL_EVERY_MS = 2000;

let draw = () => {};
let newest = "";
let stateRead = 0;
let stateLater = null;
let running = false;
let again = false;

/** Reads what changed, then draws. Calls during a run make one more run afterwards. */
export async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    do {
      again = false;
      await readAll();
    } while (again);
    if (store.connection === "down") store.connection = "polling";
  } catch {
    store.connection = "down";
  } finally {
    running = false;
  }
  draw();
}

async function readAll() {
  const me = store.me?.name;
  const since = newest;
  const [state, messages, views, waiting] = await Promise.all([
    dueState(),
    api.messages(since),
    me ? api.views(me) : null,
    api.waiting(),
  ]);
  if (state) {
    Object.assign(store, { users: state.users, channels: state.channels, botUserId: state.botUserId });
  }
  if (since === "") store.messages.clear();
  for (const message of messages.messages) keep(message);
  // Someone else may have emptied the workspace: then what we hold is more than there is.
  if (state && state.messageCount < store.messages.size) {
    newest = "";
    again = true;
  }
  if (messages.messages.some((message) => !channel(message.channel))) {
    stateRead = 0;
    again = true;
  }
  // The reader may have become someone else meanwhile.
  if (views && store.me?.name === me) store.views = views;
  store.waiting = waiting;
}

function dueState() {
  const wait = stateRead + STATE_EVERY_MS - Date.now();
  if (wait <= 0) {
    stateRead = Date.now();
    return api.state();
  }
  stateLater ??= setTimeout(() => {
    stateLater = null;
    refresh();
  }, wait);
  return null;
}

function keep(message) {
  store.messages.set(`${message.channel}/${message.ts}`, message);
  if (message.changed > newest) newest = message.changed;
}

/** Starts following the local Slack; `redraw` is called after each change. */
export function follow(redraw) {
  draw = redraw;
  const events = new EventSource("/_local/changes");
  events.onopen = () => {
    store.connection = "live";
    // It may be another local Slack than before, on the same port.
    newest = "";
    stateRead = 0;
    refresh();
  };
  events.onmessage = () => refresh();
  events.onerror = () => {
    if (store.connection === "live") store.connection = "polling";
    // A server that answers no event stream closes it for good; asking again is then up to us.
  };
  setInterval(() => {
    if (events.readyState !== EventSource.OPEN) refresh();
  }, POLL_EVERY_MS);
  return refresh();
}

/** A conversation by id. */
export function channel(id) {
  return store.channels.find((one) => one.id === id);
}

/** The app's direct conversation with a person, once there is one. */
export function direct(person = store.me) {
  return store.channels.find((one) => one.kind === "direct" && one.members.includes(person.userId));
}

/** The conversation that is open; nothing on the Home tab, or if the app never wrote to the person. */
export function openChannel() {
  if (store.place === "home") return null;
  return store.place === "app" ? direct() : channel(store.place);
}

/** The conversations of a person. */
export function channelsOf(person) {
  return store.channels.filter((one) => one.members.includes(person.userId));
}

/** The messages of a conversation that a person sees, oldest first. */
export function messagesOf(channelId, person = store.me) {
  return [...store.messages.values()]
    .filter((message) => message.channel === channelId && !message.deleted)
    .filter((message) => !message.ephemeralFor || message.ephemeralFor === person.userId)
    .filter((message) => !(message.ephemeralFor && dismissed().has(message.ts)))
    .sort((one, other) => (one.ts < other.ts ? -1 : 1));
}

/** The name of a user. */
export function nameOf(userId) {
  if (userId === store.botUserId) return "Countersign";
  return store.users.find((user) => user.userId === userId)?.realName ?? userId;
}

/** What mrkdwn needs to say who and what ids stand for. */
export function names() {
  return {
    user: (id) => (id === store.botUserId ? "Countersign" : store.users.find((user) => user.userId === id)?.realName),
    channel: (id) => channel(id)?.name,
    me: store.me?.userId,
  };
}

// What is kept in the browser: who has read what, and which private messages were put away.

function stored(storage, name) {
  try {
    return JSON.parse(storage.getItem(`local-slack.${name}`)) ?? null;
  } catch {
    return null;
  }
}

const write = (storage, name, value) => storage.setItem(`local-slack.${name}`, JSON.stringify(value));

/** The private messages put away, by ts. */
function dismissed() {
  return new Set(stored(sessionStorage, "dismissed") ?? []);
}

/** Puts a private message away, as Slack does: for this client only. */
export function dismiss(ts) {
  write(sessionStorage, "dismissed", [...dismissed(), ts]);
  draw();
}

/** How many messages of others a person has not seen in a conversation. */
export function unread(channelId, person) {
  const read = stored(localStorage, "read") ?? {};
  const since = read[`${person.userId}/${channelId}`] ?? "";
  return messagesOf(channelId, person).filter((message) => message.ts > since && message.user !== person.userId).length;
}

/** Notes that the reader has seen a conversation. */
export function markRead(channelId) {
  const last = messagesOf(channelId).at(-1)?.ts;
  const read = stored(localStorage, "read") ?? {};
  const key = `${store.me.userId}/${channelId}`;
  if (!last || read[key] >= last) return;
  write(localStorage, "read", { ...read, [key]: last });
}

/** The person of last time. */
export const lastPerson = () => stored(localStorage, "me");

/** Remembers the person for next time. */
export const rememberPerson = (name) => write(localStorage, "me", name);
