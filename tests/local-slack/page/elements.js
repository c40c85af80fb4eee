// Buttons and controls (https://docs.slack.dev/reference/block-kit/block-elements).

import { changed, press } from "./acts.js";
import { combobox } from "./combobox.js";
import { el } from "./dom.js";
import { setValue, value } from "./forms.js";

/** The id of an input's control, for its label, hint and error. */
export function fieldId(surface, block) {
  return `field-${surface.form.id}-${block.block_id}`.replace(/[^\w-]/g, "_");
}

const DRAWN = {
  button: drawButton,
  plain_text_input: drawText,
  number_input: drawText,
  static_select: drawSelect,
  external_select: combobox,
  multi_static_select: drawBoxes,
  checkboxes: drawBoxes,
  radio_buttons: drawBoxes,
};

/** Draws an element. `field` is what its input block says about it; one in a section or a row has none. */
export function control(element, block, surface, field = {}) {
  const draw = DRAWN[element.type];
  if (element.type === "image") return el("span", {}, element.alt_text);
  if (!draw) return el("span", { class: "undrawn" }, `(“${element.type}”, which this stand-in does not draw)`);
  return draw(element, block, surface, field);
}

/** The attributes every control has. */
export function marks(element, block, field = {}) {
  return {
    id: field.id,
    "data-testid": `field-${element.action_id}`,
    "data-action-id": element.action_id,
    "data-block-id": block.block_id,
    "aria-invalid": field.invalid ? "true" : undefined,
    "aria-required": field.required ? "true" : undefined,
    "aria-describedby": field.described || undefined,
    // Outside an input block nothing else names it.
    "aria-label": field.id ? undefined : (element.placeholder?.text ?? block.text?.text ?? element.action_id),
    "data-focus": element.focus_on_load ? "" : undefined,
  };
}

function drawButton(element, block, surface) {
  const style = element.style ? `button ${element.style}` : "button";
  const attributes = {
    type: "button",
    class: style,
    "data-testid": `action-${element.action_id}`,
    "data-action-id": element.action_id,
    "data-block-id": block.block_id,
    "data-value": element.value,
    "aria-label": element.accessibility_label,
  };
  const button = el("button", attributes, element.text.text);
  button.addEventListener("click", () => {
    if (element.url && /^https?:\/\//i.test(element.url)) window.open(element.url, "_blank", "noopener");
    press(surface, block, element, button);
  });
  return button;
}

function drawText(element, block, surface, field) {
  const now = value(surface.form, block, element).value ?? "";
  const most = element.max_length;
  const attributes = {
    ...marks(element, block, field),
    class: "text-input",
    placeholder: element.placeholder?.text,
    value: now,
    // Slack lets people type on and refuses at the end, so that a pasted text is not cut without a word.
    autocomplete: "off",
    inputmode: element.type === "number_input" ? "decimal" : undefined,
  };
  const input = element.multiline ? el("textarea", { ...attributes, rows: 4 }) : el("input", { type: "text", ...attributes });
  const counter = most && el("span", { class: "counter", "data-testid": `counter-${element.action_id}`, "aria-live": "off" });
  const count = () => {
    if (!counter) return;
    const length = [...input.value].length;
    counter.textContent = length > most ? `${length} of ${most}: ${length - most} too many` : `${length} of ${most}`;
    counter.classList.toggle("over", length > most);
  };
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const tell = () => changed(surface, block, element, input, { value: input.value || null }, { text: input.value });
  input.addEventListener("input", () => {
    setValue(surface.form, block, element, { value: input.value || null });
    count();
    if (block.dispatch_action && on.includes("on_character_entered")) tell();
  });
  if (block.dispatch_action && on.includes("on_enter_pressed")) {
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || (element.multiline && !event.ctrlKey)) return;
      event.preventDefault();
      tell();
    });
  }
  count();
  return el("div", { class: "text-field" }, input, counter);
}

/** The option groups of an element; one without a label if it has plain options. */
function groupsOf(element) {
  return element.option_groups ?? [{ label: null, options: element.options ?? [] }];
}

function drawSelect(element, block, surface, field) {
  const now = value(surface.form, block, element).selected_option;
  const all = groupsOf(element).flatMap((group) => group.options);
  const optionNode = (option) => {
    const description = option.description ? ` (${option.description.text})` : "";
    return el("option", { value: option.value, selected: option.value === now?.value }, option.text.text + description);
  };
  const nodes = groupsOf(element).map((group) =>
    group.label ? el("optgroup", { label: group.label.text }, group.options.map(optionNode)) : group.options.map(optionNode));
  // What need not be given can be taken back.
  const hint = element.placeholder?.text ?? "Select an item";
  const nothing = el("option", { value: "", selected: !now, hidden: !block.optional }, hint);
  const select = el("select", { ...marks(element, block, field), class: "select" }, nothing, nodes);
  select.addEventListener("change", () => {
    const option = all.find((one) => one.value === select.value) ?? null;
    if (option) changed(surface, block, element, select, { selected_option: option }, { optionValue: option.value });
    else setValue(surface.form, block, element, { selected_option: null });
  });
  return select;
}

// Beyond this many boxes a filter saves scrolling.
const FILTER_ABOVE = 8;

/** Several choices as check boxes, all in sight; or one of few as radio buttons. */
function drawBoxes(element, block, surface, field) {
  const single = element.type === "radio_buttons";
  const held = value(surface.form, block, element);
  const chosen = new Set((single ? [held.selected_option] : held.selected_options).filter(Boolean).map((option) => option.value));
  const all = groupsOf(element).flatMap((group) => group.options);
  const count = el("span", { class: "count", "aria-live": "polite" });
  // Of groups only one of radio buttons can be required, to screen readers.
  const known = { ...field, required: single && field.required };
  const group = el("div", { ...marks(element, block, known), class: "boxes", role: single ? "radiogroup" : "group" });
  if (field.id) group.setAttribute("aria-labelledby", `${field.id}-label`);
  group.tabIndex = -1;

  const boxes = all.map((option) => {
    const box = el("input", {
      type: single ? "radio" : "checkbox",
      name: single ? fieldId(surface, block) : undefined,
      "data-testid": `option-${option.value}`,
      checked: chosen.has(option.value),
      onchange: () => choose(option, box.checked),
    });
    const description = option.description && el("small", {}, option.description.text);
    const label = el("label", { class: "box" }, box, el("span", {}, option.text.text, description));
    return { option, box, label };
  });
  const most = element.max_selected_items ?? Infinity;
  const tell = () => {
    const options = all.filter((option) => chosen.has(option.value));
    const kept = single ? { selected_option: options[0] ?? null } : { selected_options: options };
    const sent = single ? { optionValue: options[0]?.value } : { optionValues: options.map((option) => option.value) };
    changed(surface, block, element, group, kept, sent);
    show();
  };
  const choose = (option, on) => {
    if (single) chosen.clear();
    if (on) chosen.add(option.value);
    else chosen.delete(option.value);
    tell();
  };
  const show = () => {
    count.textContent = `${chosen.size} of ${all.length} selected`;
    for (const { box, option } of boxes) {
      box.checked = chosen.has(option.value);
      box.disabled = !single && !box.checked && chosen.size >= most;
    }
  };
  const setAll = (on) => () => {
    chosen.clear();
    if (on) for (const option of all.slice(0, most)) chosen.add(option.value);
    tell();
  };
  const filter = all.length > FILTER_ABOVE && el("input", {
    type: "search", class: "text-input", placeholder: "Filter", "aria-label": "Filter the list",
    oninput: (event) => {
      const wanted = event.target.value.trim().toLowerCase();
      for (const { option, label } of boxes) label.hidden = !option.text.text.toLowerCase().includes(wanted);
    },
  });
  const tools = !single && all.length > 1 && el("div", { class: "boxes-tools" }, count,
    el("button", { type: "button", class: "link", onclick: setAll(true) }, "All"),
    el("button", { type: "button", class: "link", onclick: setAll(false) }, "None"));
  const shown = groupsOf(element).map((one) => [
    one.label && el("div", { class: "group-label" }, one.label.text),
    boxes.filter(({ option }) => one.options.includes(option)).map(({ label }) => label),
  ]);
  group.append(...[filter, el("div", { class: "boxes-list" }, shown), tools].filter(Boolean));
  show();
  return group;
}
