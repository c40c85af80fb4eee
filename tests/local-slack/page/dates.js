// Slack's date tokens, in the reader's time zone (https://docs.slack.dev/messaging/formatting-message-text).

const shown = (options) => (date) => new Intl.DateTimeFormat("en-US", options).format(date);

function ordinal(day) {
  if (day % 100 >= 11 && day % 100 <= 13) return `${day}th`;
  return `${day}${["th", "st", "nd", "rd"][day % 10] ?? "th"}`;
}

const sameYear = (date) => date.getFullYear() === new Date().getFullYear();
const year = (date) => (sameYear(date) ? "" : `, ${date.getFullYear()}`);
const month = shown({ month: "long" });
const shortMonth = shown({ month: "short" });
const weekday = shown({ weekday: "long" });
const long = (date) => `${month(date)} ${ordinal(date.getDate())}${year(date)}`;
const short = (date) => `${shortMonth(date)} ${date.getDate()}${year(date)}`;

/** "today", "yesterday", "tomorrow", or the date. */
function pretty(format) {
  return (date) => {
    const midnight = (of) => new Date(of.getFullYear(), of.getMonth(), of.getDate()).getTime();
    const days = Math.round((midnight(date) - midnight(new Date())) / 86_400_000);
    return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? format(date);
  };
}

const two = (number) => String(number).padStart(2, "0");

const TOKENS = {
  date_num: (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
  date: long,
  date_short: short,
  date_long: (date) => `${weekday(date)}, ${long(date)}`,
  date_pretty: pretty(long),
  date_short_pretty: pretty(short),
  date_long_pretty: pretty((date) => `${weekday(date)}, ${long(date)}`),
  day_divider_pretty: pretty((date) => `${weekday(date)}, ${long(date)}`),
  // The reader's own habit decides between 12 and 24 hours, as a preference does in Slack.
  time: (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }),
  time_secs: (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago: (date) => distance(date.getTime()),
};

/** Fills in a format; nothing if it has a token Slack does not know, for which Slack shows the fallback. */
export function formatDate(seconds, format) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  let known = true;
  const text = format.replace(/\{(\w+)\}/g, (token, name) => {
    if (TOKENS[name]) return TOKENS[name](date);
    known = false;
    return token;
  });
  return known ? text : null;
}

/** "in 12 min", "3 h ago", "now". */
export function distance(at, now = Date.now()) {
  const seconds = Math.round((at - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "now";
  const [count, unit] =
    size < 60 ? [size, "s"]
    : size < 5400 ? [Math.round(size / 60), "min"]
    : size < 129_600 ? [Math.round(size / 3600), "h"]
    : [Math.round(size / 86_400), "days"];
  return seconds > 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

/**
 * A `<time>` that keeps saying how far away it is. What it adds stands in an attribute, apart from the app's words;
 * a plain one says it in its tooltip only.
 */
export function timeElement(seconds, text, isPlain = false) {
  const date = new Date(seconds * 1000);
  const node = document.createElement("time");
  if (isPlain) node.className = "plain";
  node.dateTime = date.toISOString();
  node.dataset.at = String(date.getTime());
  node.textContent = text;
  refresh(node);
  return node;
}

const full = shown({ dateStyle: "full", timeStyle: "long" });

function refresh(node) {
  const at = Number(node.dataset.at);
  const away = distance(at);
  node.title = `${full(new Date(at))}, ${away}`;
  // Beyond a day the date itself says enough.
  if (node.classList.contains("plain") || Math.abs(at - Date.now()) > 86_400_000) delete node.dataset.away;
  else if (node.dataset.away !== away) node.dataset.away = away;
}

/** Brings all times of the page up to date. */
export function refreshTimes() {
  for (const node of document.querySelectorAll("time[data-at]")) refresh(node);
}

/** The time of day of a message's `ts`. */
export function clockOf(ts) {
  return TOKENS.time(new Date(Number(ts) * 1000));
}

/** The day of a `ts`, as dividers between days say it. */
export function dayOf(ts) {
  const text = TOKENS.day_divider_pretty(new Date(Number(ts) * 1000));
  return text.charAt(0).toUpperCase() + text.slice(1);
}
