// Blocks, as Slack draws them in messages, modals and the Home tab (https://docs.slack.dev/reference/block-kit/blocks).

import { control, fieldId } from "./elements.js";
import { el, reconcile } from "./dom.js";
import { mrkdwn, plain } from "./mrkdwn.js";
import { names } from "./store.js";

/** A text object. */
function text(object) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, names()) : plain(object.text);
}

const DRAWN = {
  header: (block) => [el("h3", {}, block.text.text)],
  divider: () => [el("hr")],
  section(block, surface) {
    const fields = block.fields?.map((field) => el("div", { class: "rich" }, text(field)));
    return [
      el("div", { class: "section-body" },
        block.text && el("div", { class: "rich" }, text(block.text)),
        fields && el("div", { class: "fields" }, fields)),
      block.accessory && el("div", { class: "accessory" }, control(block.accessory, block, surface)),
    ];
  },
  context: (block) => block.elements.map((part) =>
    part.type === "image" ? el("span", {}, part.alt_text) : el("span", { class: "rich" }, text(part))),
  actions: (block, surface) => [
    el("div", { class: "actions-row" }, block.elements.map((element) => control(element, block, surface))),
  ],
  input: drawInput,
  image: (block) => [el("p", { class: "rich" }, block.alt_text)],
};

function drawInput(block, surface) {
  const error = surface.errors?.[block.block_id];
  const id = fieldId(surface, block);
  const group = ["multi_static_select", "checkboxes", "radio_buttons"].includes(block.element.type);
  const label = [block.label.text, block.optional && el("span", { class: "optional" }, " (optional)")];
  const described = [block.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return [
    // A group of boxes has no single control a label could be for.
    group ? el("span", { class: "label", id: `${id}-label` }, label) : el("label", { class: "label", for: id, id: `${id}-label` }, label),
    control(block.element, block, surface, { id, invalid: Boolean(error), described, required: !block.optional }),
    error && el("p", { class: "field-error", id: `${id}-error`, "data-testid": `error-${block.block_id}` },
      el("span", { "aria-hidden": "true" }, "⚠ "), error),
    block.hint && el("p", { class: "hint", id: `${id}-hint` }, block.hint.text),
  ];
}

function drawBlock(block, surface) {
  const draw = DRAWN[block.type];
  const marks = { class: `block ${block.type}`, "data-testid": "block", "data-block-id": block.block_id, "data-block-type": block.type };
  if (!draw) return el("div", marks, el("p", { class: "undrawn" }, `(A block of type “${block.type}”, which this stand-in does not draw.)`));
  const node = el("div", marks, draw(block, surface));
  node.append(el("div", { class: "trouble" }));
  return node;
}

/** Draws blocks into a node, leaving alone those that did not change. */
export function drawBlocks(parent, blocks, surface) {
  reconcile(parent, blocks, {
    key: (block) => block.block_id,
    sign: (block) => JSON.stringify([block, surface.errors?.[block.block_id]]),
    make: (block) => drawBlock(block, surface),
  });
}
