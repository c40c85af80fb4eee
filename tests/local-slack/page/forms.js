// What people have put into the controls of views and messages, in the shape of Slack's `state.values`.

/** By view id (or conversation and ts), then block id, then action id. */
const kept = new Map();

const TEXT = new Set(["plain_text_input", "number_input"]);
const MANY = new Set(["multi_static_select", "checkboxes"]);
const ONE = new Set(["static_select", "external_select", "radio_buttons"]);

/** Whether an element holds a value. */
function holdsValue(element) {
  return TEXT.has(element.type) || MANY.has(element.type) || ONE.has(element.type);
}

/** The controls of a block. */
function elementsOf(block) {
  return [block.element, block.accessory, ...(block.type === "actions" ? block.elements : [])].filter(Boolean);
}

function initial(element) {
  if (TEXT.has(element.type)) return { type: element.type, value: element.initial_value ?? null };
  if (MANY.has(element.type)) return { type: element.type, selected_options: element.initial_options ?? [] };
  return { type: element.type, selected_option: element.initial_option ?? null };
}

/** What a control holds: what was put in here, else what the local Slack has kept, else what the app gave. */
export function value(form, block, element) {
  const here = kept.get(form.id)?.[block.block_id]?.[element.action_id];
  const there = form.state?.values?.[block.block_id]?.[element.action_id];
  return [here, there].find((one) => one?.type === element.type && isOffered(element, one)) ?? initial(element);
}

/** Whether a menu with options of its own still has what was chosen; Slack drops the choice if not. */
function isOffered(element, held) {
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  const options = groups.flatMap((group) => group.options);
  const chosen = [held.selected_option, held.selected_options].flat().filter(Boolean);
  return options.length === 0 || chosen.every((one) => options.some((option) => option.value === one.value));
}

/** Puts a value into a control. */
export function setValue(form, block, element, fields) {
  const values = kept.get(form.id) ?? {};
  const inBlock = { ...values[block.block_id], [element.action_id]: { type: element.type, ...fields } };
  kept.set(form.id, { ...values, [block.block_id]: inBlock });
}

/** All that a form holds. What is of blocks that are gone is left out: Slack forgets it too. */
export function values(form) {
  const all = {};
  for (const block of form.blocks) {
    for (const element of elementsOf(block).filter(holdsValue)) {
      (all[block.block_id] ??= {})[element.action_id] = value(form, block, element);
    }
  }
  return all;
}

/** Forgets what was put into blocks that are no longer there, so that they are empty should they come back. */
export function prune(form) {
  const values = kept.get(form.id);
  if (!values) return;
  const here = new Set(form.blocks.map((block) => block.block_id));
  kept.set(form.id, Object.fromEntries(Object.entries(values).filter(([blockId]) => here.has(blockId))));
}
