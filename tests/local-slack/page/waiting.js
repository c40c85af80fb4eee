// The strip at the bottom: what Slack and Countersign owe each other right now, with the time that is left.

import { el, fill, reconcile } from "./dom.js";
import { distance } from "./dates.js";
import { channel, nameOf, refresh, store } from "./store.js";

const TICK_MS = 100;

let lastAnswer = null;
let ticking = null;

/** Notes how long Countersign took over the last act, for the strip. */
export function noteAnswer(what, outcome) {
  // What Slack's client settles by itself, such as a required field left empty, sends nothing.
  if (!outcome.request?.url) return;
  lastAnswer = { what, ms: outcome.durationMs, ok: outcome.ok, error: outcome.error };
}

/** A moment of the local Slack, which writes Slack's `ts`, as milliseconds. */
const millis = (moment) => Number(moment) * 1000;

/** Draws the strip. */
export function drawWaiting(strip) {
  if (!strip.firstChild) frame(strip);
  const { requests = [], eventRetries: retries = [], triggers = [], responseUrls = [] } = store.waiting;
  const { rateLimited = [], rateLimitedMethods = [] } = store.waiting;
  Object.assign(strip.dataset, { inFlight: requests.length, retries: retries.length, urls: responseUrls.length });
  const now = [
    ...requests.map((one) => ({ key: `request ${one.path} ${one.since} ${one.user}`, kind: "request", one })),
    ...retries.map((one) => ({ key: `retry ${one.eventId} ${one.attempt}`, kind: "retry", one })),
    ...[...rateLimited, ...rateLimitedMethods].map((one) => ({ key: `limited ${one.method} ${one.channel}`, kind: "limited", one })),
  ];
  const rest = [
    ...triggers.map((one) => ({ key: `trigger ${one.user} ${one.until}`, kind: "trigger", one })),
    ...responseUrls.map((one) => ({ key: `url ${one.user} ${one.until} ${one.ts}`, kind: "url", one })),
  ];
  const draw = { key: (item) => item.key, sign: (item) => JSON.stringify(item), make: drawItem };
  reconcile(strip.querySelector(".waiting-now"), now, draw);
  reconcile(strip.querySelector(".waiting-rest ul"), rest, draw);
  const more = strip.querySelector(".waiting-rest");
  more.hidden = rest.length === 0;
  more.querySelector("summary").textContent = [counted(responseUrls.length, "response URL"), counted(triggers.length, "trigger")]
    .filter(Boolean).join(", ");
  strip.querySelector(".nothing").hidden = now.length > 0;
  drawLast(strip.querySelector(".last-answer"));
  drawConnection(strip.querySelector(".connection"));
  tick(strip, now.length + rest.length > 0);
}

function frame(strip) {
  fill(strip,
    el("span", { class: "connection", "data-testid": "connection" }),
    el("span", { class: "nothing" }, "Nothing is pending"),
    el("ul", { class: "waiting-now" }),
    el("span", { class: "last-answer", "data-testid": "last-answer" }),
    el("details", { class: "waiting-rest", "data-testid": "waiting-more", hidden: true }, el("summary"), el("ul")));
}

const CONNECTION = {
  live: ["●", "Live"],
  polling: ["◌", "Asking every 2 s"],
  down: ["○", "Local Slack does not answer"],
};

function drawConnection(node) {
  if (node.dataset.state === store.connection) return;
  node.dataset.state = store.connection;
  const [sign, text] = CONNECTION[store.connection];
  fill(node, el("span", { "aria-hidden": "true" }, `${sign} `), text);
}

function drawLast(node) {
  const text = lastAnswer
    ? `${lastAnswer.what}: ${lastAnswer.ok ? "answered" : lastAnswer.error} after ${lastAnswer.ms} ms`
    : "";
  if (node.textContent !== text) node.textContent = text;
}

const counted = (count, noun) => count > 0 && `${count} ${noun}${count === 1 ? "" : "s"}`;

const who = (user) => (user ? ` · ${nameOf(user).split(" ")[0]}` : "");

const DRAWN = {
  request: ({ path, user, since, withinMs }) => [
    el("span", { class: "what" }, path, who(user)),
    el("progress", { max: withinMs, value: 0, "data-since": millis(since), "aria-label": `Time used for ${path}` }),
    el("span", { class: "left", "data-since": millis(since), "data-within": withinMs }),
  ],
  retry: ({ event, user, attempt, due }) => [`${event}${who(user)}, retry ${attempt} `, moment(due)],
  limited: ({ method, channel: id, until }) => [`Rate limit of ${method}${id ? ` in ${placeName(id)}` : ""}, over `, moment(until)],
  trigger: ({ user, until }) => [`Trigger${who(user)}, ends `, moment(until)],
  url: ({ user, channel: id, usesLeft, until }) => [
    `Response URL${who(user)}, in ${placeName(id)}: ${counted(usesLeft, "use")} left, ends `, moment(until)],
};

const placeName = (id) => (channel(id)?.kind === "public" ? `#${channel(id).name}` : "a conversation with the app");

const moment = (at) => el("span", { class: "moment", "data-due": millis(at) }, distance(millis(at)));

function drawItem({ kind, one }) {
  return el("li", { class: kind, "data-testid": `waiting-${kind}` }, DRAWN[kind](one));
}

/** Lets the bars run while there is something to see, and looks again when something should be over. */
function tick(strip, running) {
  if (!running) {
    clearInterval(ticking);
    ticking = null;
    return;
  }
  const step = () => {
    const now = Date.now();
    let over = false;
    for (const bar of strip.querySelectorAll("progress")) bar.value = now - Number(bar.dataset.since);
    for (const left of strip.querySelectorAll(".left")) {
      const used = Math.min(now - Number(left.dataset.since), Number(left.dataset.within));
      left.textContent = `${(used / 1000).toFixed(1)} of ${Number(left.dataset.within) / 1000} s`;
    }
    for (const due of strip.querySelectorAll(".moment")) {
      const text = distance(Number(due.dataset.due), now);
      if (due.textContent !== text) due.textContent = text;
      over ||= Number(due.dataset.due) < now;
    }
    // Time passing is no change the local Slack tells of.
    if (over && now - lastLook > 1000) {
      lastLook = now;
      refresh();
    }
  };
  step();
  ticking ??= setInterval(step, TICK_MS);
}

let lastLook = 0;
