// Calls to the local Slack. Every act answers an outcome; what went wrong on the way here becomes one too.

const DOWN = "Local Slack does not answer. Is it still running?";

async function read(path) {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

/** Does something as a person. Never throws. */
async function act(name, body) {
  try {
    const response = await fetch(`/_local/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : {};
    if (response.ok) return { ok: true, ...answer };
    return { ok: false, error: "refused", shown: `Local Slack: ${answer.error ?? response.status}` };
  } catch {
    return { ok: false, error: "unreachable", shown: DOWN };
  }
}

const query = (fields) => new URLSearchParams(Object.entries(fields).filter(([, value]) => value)).toString();

export const api = {
  state: () => read("/_local/state"),
  messages: (since) => read(`/_local/messages?${query({ since })}`),
  views: (user) => read(`/_local/views?${query({ user })}`),
  waiting: () => read("/_local/waiting"),
  command: (body) => act("command", body),
  say: (body) => act("say", body),
  press: (body) => act("press", body),
  options: (body) => act("options", body),
  submit: (body) => act("submit", body),
  close: (body) => act("close", body),
  shortcut: (body) => act("shortcut", body),
  home: (body) => act("home", body),
};

/** What Slack's client would say about an outcome that is not ok. */
export function sentence(outcome, otherwise) {
  return outcome.shown || otherwise || `Something went wrong: ${outcome.error}`;
}
