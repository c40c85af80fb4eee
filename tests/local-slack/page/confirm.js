// The dialog that asks "are you sure?" before an act that has a `confirm`.

import { el, fill } from "./dom.js";
import { mrkdwn, plain } from "./mrkdwn.js";
import { names } from "./store.js";

/** Asks; true for yes. */
export function askToConfirm(confirm) {
  const dialog = document.getElementById("confirm");
  const text = confirm.text.type === "mrkdwn" ? mrkdwn(confirm.text.text, names()) : plain(confirm.text.text);
  const answer = (value) => () => dialog.close(value);
  const style = confirm.style === "danger" ? "button danger" : "button primary";
  fill(dialog,
    el("h2", { id: "confirm-title", "data-testid": "confirm-title" }, confirm.title.text),
    el("p", { id: "confirm-text", class: "rich", "data-testid": "confirm-text" }, text),
    el("div", { class: "dialog-foot" },
      el("button", { type: "button", class: "button", "data-testid": "confirm-no", onclick: answer("no") }, confirm.deny.text),
      el("button", { type: "button", class: style, "data-testid": "confirm-yes", onclick: answer("yes") }, confirm.confirm.text)));
  // A second press of Enter must not do what can't be undone.
  const safest = confirm.style === "danger" ? "confirm-no" : "confirm-yes";
  dialog.querySelector(`[data-testid="${safest}"]`).autofocus = true;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
