// What a person does in a message or view, and what the client shows when it goes wrong.

import { api, sentence } from "./api.js";
import { askToConfirm } from "./confirm.js";
import { el } from "./dom.js";
import { setValue, values } from "./forms.js";
import { refresh, store } from "./store.js";
import { noteAnswer } from "./waiting.js";

/**
 * Where an act takes place: `form` (id, blocks, state), and `target` (a view, or a message's conversation and ts).
 * @typedef {{form: object, target: {viewId: string} | {channel: string, ts: string}, errors?: object}} Surface
 */

/** Sends a press or a choice. `control` is what was used; it is busy meanwhile. */
export async function press(surface, block, element, control, chosen = {}) {
  if (control.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await askToConfirm(element.confirm))) return;
  clearTrouble(surface, block);
  control.setAttribute("aria-busy", "true");
  const act = { user: store.me.name, ...surface.target, actionId: element.action_id, blockId: block.block_id, ...chosen };
  if (surface.target.viewId) act.values = values(surface.form);
  const outcome = await api.press(act);
  control.removeAttribute("aria-busy");
  noteAnswer(element.text?.text ?? element.action_id, outcome);
  await refresh();
  if (!outcome.ok) showTrouble(surface, block, outcome);
}

/** Keeps what was put into a control, and tells the app at once where it asked to be told. */
export function changed(surface, block, element, control, fields, chosen) {
  setValue(surface.form, block, element, fields);
  if (block.type !== "input" || block.dispatch_action) press(surface, block, element, control, chosen);
}

/** Asks the app for the options of a type-ahead. */
export function options(surface, block, element, query) {
  const place = { ...surface.target, actionId: element.action_id, blockId: block.block_id };
  return api.options({ user: store.me.name, ...place, value: query });
}

function troubleOf({ target }, block) {
  const around = target.viewId ? `[data-view-id="${CSS.escape(target.viewId)}"]` : `[data-ts="${CSS.escape(target.ts)}"]`;
  return [...document.querySelectorAll(`${around} [data-block-id="${CSS.escape(block.block_id)}"] > .trouble`)];
}

function clearTrouble(surface, block) {
  for (const slot of troubleOf(surface, block)) slot.replaceChildren();
}

/** Shows what went wrong below the block, where Slack puts its warning sign. */
function showTrouble(surface, block, outcome) {
  for (const slot of troubleOf(surface, block)) slot.replaceChildren(troubleLine(outcome));
}

/** Slack's sentence about a failed act. */
export function troubleLine(outcome, otherwise) {
  const text = sentence(outcome, otherwise);
  return el("p", { class: "trouble-line", role: "alert", "data-testid": "trouble", "data-error": outcome.error },
    el("span", { "aria-hidden": "true" }, "⚠ "), text,
    // Slack's client would not say more; whoever builds the app wants to know.
    outcome.findings?.length > 0 && el("small", {}, `${outcome.error}: ${outcome.findings.join("; ")}`));
}
