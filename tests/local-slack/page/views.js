// Modals and the Home tab.

import { troubleLine } from "./acts.js";
import { api } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { el, fill } from "./dom.js";
import { prune, values } from "./forms.js";
import { refresh, store } from "./store.js";
import { noteAnswer } from "./waiting.js";

/** By view id: what its blocks act on. It stays the same object, since controls that are kept hold on to it. */
const surfaces = new Map();

function surfaceOf(view) {
  const surface = surfaces.get(view.id) ?? { target: { viewId: view.id } };
  surface.form = view;
  surface.errors = view.errors ?? {};
  surfaces.set(view.id, surface);
  return surface;
}

/** Draws the Home tab of the reader. */
export function drawHome(section) {
  const view = store.views.home;
  const shown = section.dataset.viewId;
  if (!view) {
    delete section.dataset.viewId;
    fill(section, el("p", { class: "empty" }, "Countersign has put nothing here yet."));
    return;
  }
  if (shown !== view.id) fill(section);
  Object.assign(section.dataset, { viewId: view.id, hash: view.hash });
  const surface = surfaceOf(view);
  prune(view);
  drawBlocks(section, view.blocks, surface);
}

/** Opens, updates or closes the dialog, so that it shows the modal on top of the reader's stack. */
export function drawModal(dialog) {
  const stack = store.views.modals;
  const view = stack.at(-1);
  if (!view) {
    if (dialog.open) closeDialog(dialog);
    dialog.replaceChildren();
    for (const name of ["viewId", "hash", "depth", "callbackId"]) delete dialog.dataset[name];
    return;
  }
  const surface = surfaceOf(view);
  const isNew = dialog.dataset.viewId !== view.id;
  const changed = isNew || dialog.dataset.hash !== view.hash;
  const newErrors = JSON.stringify(surface.errors) !== dialog.dataset.errors;
  if (isNew) frame(dialog);
  Object.assign(dialog.dataset, {
    viewId: view.id, hash: view.hash, depth: String(stack.length), callbackId: view.callback_id ?? "", errors: JSON.stringify(surface.errors),
  });
  if (changed) {
    prune(view);
    drawFrame(dialog, view, stack);
  }
  const body = dialog.querySelector(".dialog-body");
  const focused = document.activeElement;
  drawBlocks(body, view.blocks, surface);
  if (!dialog.open) dialog.showModal();
  const first = newErrors && body.querySelector('[aria-invalid="true"]');
  if (first) {
    first.focus({ preventScroll: true });
    first.closest(".block").scrollIntoView({ block: "center" });
  }
  // A "Loading" view has nothing to put the focus on; what follows it has.
  else if (isNew || (changed && !body.contains(focused))) focusFirst(dialog);
}

function focusFirst(dialog) {
  const controls = "input:not([type=checkbox]), select, textarea, .boxes input";
  const first = dialog.querySelector(".dialog-body [data-focus]") ?? dialog.querySelector(`.dialog-body :is(${controls})`);
  (first ?? dialog.querySelector("#modal-title")).focus({ preventScroll: !first });
}

function frame(dialog) {
  fill(dialog,
    el("header", { class: "dialog-head" },
      el("button", { type: "button", class: "icon-button", "data-testid": "modal-back", "aria-label": "Back", hidden: true, onclick: () => closeModal(false) }, "‹"),
      el("h2", { id: "modal-title", "data-testid": "modal-title", tabindex: "-1" }),
      el("button", { type: "button", class: "icon-button", "data-testid": "modal-dismiss", "aria-label": "Close", onclick: () => closeModal(true) }, "×")),
    el("form", { class: "dialog-form", novalidate: true, onsubmit: (event) => (event.preventDefault(), submit(dialog)) },
      el("div", { class: "dialog-body" }),
      el("div", { class: "trouble", "data-of": "modal" }),
      el("div", { class: "dialog-foot" })));
}

function drawFrame(dialog, view, stack) {
  const below = stack.at(-2);
  const back = dialog.querySelector('[data-testid="modal-back"]');
  back.hidden = !below;
  if (below) back.setAttribute("aria-label", `Back to ${below.title.text}`);
  dialog.querySelector("#modal-title").textContent = view.title.text;
  dialog.querySelector('.trouble[data-of="modal"]').replaceChildren();
  const foot = dialog.querySelector(".dialog-foot");
  const sign = JSON.stringify([view.close, view.submit]);
  if (foot.dataset.sign === sign) return;
  foot.dataset.sign = sign;
  fill(foot,
    el("button", { type: "button", class: "button", "data-testid": "modal-close", onclick: () => closeModal(false) },
      view.close?.text ?? (view.submit ? "Cancel" : "Close")),
    view.submit && el("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, view.submit.text));
}

/** Closes a dialog. The browser gives the focus back to a control that is still inert then, so that nobody could type. */
function closeDialog(dialog) {
  dialog.close();
  const back = document.activeElement;
  if (!back || back === document.body) return;
  back.blur();
  back.focus({ preventScroll: true });
}

async function submit(dialog) {
  const view = store.views.modals.at(-1);
  const button = dialog.querySelector('[data-testid="modal-submit"]');
  if (!view || !button || button.getAttribute("aria-busy") === "true") return;
  const slot = dialog.querySelector('.trouble[data-of="modal"]');
  slot.replaceChildren();
  button.setAttribute("aria-busy", "true");
  const outcome = await api.submit({ user: store.me.name, viewId: view.id, values: values(view) });
  noteAnswer(view.submit.text, outcome);
  await refresh();
  button.removeAttribute("aria-busy");
  const inPlace = Object.keys(outcome.errors ?? {}).length > 0;
  if (!outcome.ok && !inPlace) slot.replaceChildren(troubleLine(outcome, "We had some trouble connecting. Try again?"));
}

/** Closes the modal on top, or the whole stack. */
async function closeModal(all) {
  const view = store.views.modals.at(-1);
  if (!view) return;
  // Gone at once, as in Slack: whether the app cares to know is not the person's business.
  store.views = { ...store.views, modals: all || view.clear_on_close ? [] : store.views.modals.slice(0, -1) };
  drawModal(document.getElementById("modal"));
  await api.close({ user: store.me.name, viewId: view.id, all });
  await refresh();
}

/** Makes Escape close the modal on top only, by way of the app's own closing. */
export function listenToModal(dialog) {
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    closeModal(false);
  });
  // Chromium closes a dialog on a second Escape whatever the page says; what is still open is shown again.
  dialog.addEventListener("close", () => {
    if (store.views.modals.length > 0) drawModal(dialog);
  });
}
