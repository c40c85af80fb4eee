// The page: follows the local Slack and draws what changed.

import { api } from "./api.js";
import { buildComposer, drawNotices, showOwnTrouble } from "./composer.js";
import { refreshTimes } from "./dates.js";
import { announce } from "./dom.js";
import { closeThread, drawThread, drawTimeline, followEnd } from "./messages.js";
import { words } from "./mrkdwn.js";
import { drawPeople } from "./people.js";
import { listen } from "./route.js";
import { drawSidebar, peopleOf, showSidebar } from "./sidebar.js";
import { channelsOf, follow, markRead, messagesOf, names, nameOf, openChannel, refresh, store, unread } from "./store.js";
import { drawHome, drawModal, listenToModal } from "./views.js";
import { drawWaiting, noteAnswer } from "./waiting.js";

const byId = (id) => document.getElementById(id);

function draw() {
  if (!store.me) return drawWaiting(byId("waiting"));
  const channel = openChannel();
  tellNews();
  if (channel && !document.hidden) markRead(channel.id);
  drawPeople(byId("who"));
  drawSidebar(byId("sidebar"));
  drawHead(channel);
  const home = store.place === "home";
  byId("home").hidden = !home;
  byId("messages").hidden = home;
  byId("composer").hidden = home;
  if (home) drawHome(byId("home"));
  drawTimeline(byId("messages"), byId("scroll"));
  drawThread(byId("thread"));
  drawNotices(byId("notices"));
  drawModal(byId("modal"));
  drawWaiting(byId("waiting"));
  const waits = channelsOf(store.me).reduce((sum, one) => sum + unread(one.id, store.me), 0);
  document.title = `${waits ? `(${waits}) ` : ""}${byId("place-title").textContent} · Local Slack (a stand-in)`;
}

function drawHead(channel) {
  const [title, about] = headOf(channel);
  if (byId("place-title").textContent !== title) byId("place-title").textContent = title;
  if (byId("place-about").textContent !== about) byId("place-about").textContent = about;
}

function headOf(channel) {
  if (store.place === "home") return ["Countersign › Home", "What the app shows you, and only you."];
  if (!channel) return ["Countersign", "The app has not written to you yet. /access starts the conversation."];
  if (channel.kind === "direct") return ["Countersign", "Your conversation with the app."];
  const app = channel.members.includes(store.botUserId);
  if (channel.kind === "group") return [peopleOf(channel), "A conversation of several people and the app."];
  return [`# ${channel.name}`, `${channel.members.length - (app ? 1 : 0)} people, ${app ? "and Countersign" : "without the app"}`];
}

/** The newest message each person has been told of, so that each is told once. */
const told = new Map();

function tellNews() {
  const mine = channelsOf(store.me).flatMap((channel) => messagesOf(channel.id));
  const newest = mine.reduce((last, message) => (message.ts > last ? message.ts : last), "");
  const before = told.get(store.me.name);
  told.set(store.me.name, newest);
  if (before === undefined) return;
  const fresh = mine.filter((message) => message.ts > before && message.user !== store.me.userId);
  if (fresh.length > 0) announce(fresh.map((message) => `${nameOf(message.user)}: ${words(message.text, names())}`).join(". "));
}

async function openHome() {
  const person = store.me.name;
  const outcome = await api.home({ user: person });
  noteAnswer("Home", outcome);
  // An app that does not take the event is nothing Slack's client speaks of; the strip shows the attempts to come.
  showOwnTrouble(outcome);
  await refresh();
}

/** The reader went elsewhere, or became someone else. */
function arrived({ person, place }) {
  if (!store.me) return;
  // Nobody sees for a moment what is another's.
  if (person) store.views = { modals: [], home: null };
  draw();
  if (person) refresh();
  if ((person || place) && store.place === "home") openHome();
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || byId("modal").open) return;
    if (document.body.classList.contains("menu-open")) {
      showSidebar(false);
      byId("menu").focus();
    } else if (store.thread) closeThread();
  });
  byId("menu").addEventListener("click", () => showSidebar(!document.body.classList.contains("menu-open")));
  byId("place").addEventListener("click", () => showSidebar(false));
  const skip = document.querySelector(".skip");
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    byId("scroll").focus();
  });
}

function listenToTheme() {
  const button = byId("theme");
  const dark = () => document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const show = () => button.setAttribute("aria-pressed", String(dark()));
  button.addEventListener("click", () => {
    const theme = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("local-slack.theme", theme);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

async function start() {
  buildComposer(byId("composer"));
  listenToKeys();
  listenToTheme();
  listenToModal(byId("modal"));
  followEnd(byId("scroll"));
  document.addEventListener("visibilitychange", () => document.hidden || draw());
  setInterval(refreshTimes, 5000);
  await follow(() => {
    // Until people are known there is nobody to be.
    if (!store.me && store.users.length > 0) listen(arrived);
    else draw();
  });
}

start();
