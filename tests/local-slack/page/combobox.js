// A menu whose options the app gives while one types (external_select), as an ARIA combobox.

import { changed, options as askOptions } from "./acts.js";
import { sentence } from "./api.js";
import { el, fill, freshId } from "./dom.js";
import { marks } from "./elements.js";
import { setValue, value } from "./forms.js";

const ASK_AFTER_MS = 200;
// What Slack takes where the app does not say how much must be typed.
const LEAST_TYPED = 3;

/** Draws the menu. */
export function combobox(element, block, surface, field) {
  const listId = freshId();
  const least = element.min_query_length ?? LEAST_TYPED;
  let chosen = value(surface.form, block, element).selected_option;
  let found = [];
  let active = -1;
  let timer = null;
  // Answers may overtake each other; only that to the last question counts.
  let asked = 0;

  const input = el("input", {
    ...marks(element, block, field),
    type: "text", class: "text-input", role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": listId,
    placeholder: element.placeholder?.text ?? "Type to search",
    value: chosen?.text.text ?? "",
  });
  const list = el("div", { class: "options", role: "listbox", id: listId, hidden: true,
    "aria-label": element.placeholder?.text ?? "Options", "data-testid": `options-${element.action_id}` });
  const clear = el("button", { type: "button", class: "clear", "aria-label": "Clear the choice",
    "data-testid": `clear-${element.action_id}`, onclick: () => choose(null) }, "×");
  const status = el("span", { class: "unseen", role: "status" });

  const isOpen = () => !list.hidden;
  const close = () => {
    list.hidden = true;
    active = -1;
    clearTimeout(timer);
    asked += 1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const open = () => {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  };
  const note = (state, text) => {
    list.dataset.state = state;
    found = [];
    active = -1;
    input.removeAttribute("aria-activedescendant");
    fill(list, el("p", { class: "options-note" }, text));
    status.textContent = text;
  };

  const ask = async () => {
    const query = input.value === chosen?.text.text ? "" : input.value.trim();
    asked += 1;
    const mine = asked;
    if (query.length < least) {
      note("short", `Type at least ${least} ${least === 1 ? "character" : "characters"}`);
      return;
    }
    if (found.length === 0) note("loading", "Loading…");
    list.setAttribute("aria-busy", "true");
    const outcome = await askOptions(surface, block, element, query);
    if (mine !== asked) return;
    list.removeAttribute("aria-busy");
    if (!outcome.ok) note("failed", sentence(outcome, "We had some trouble loading the options. Try again?"));
    else show(outcome.options?.option_groups ?? [{ options: outcome.options?.options ?? [] }]);
  };
  const show = (groups) => {
    const options = groups.flatMap((group) => group.options);
    if (options.length === 0) {
      note("empty", "No results");
      return;
    }
    list.dataset.state = "ready";
    status.textContent = `${options.length} ${options.length === 1 ? "option" : "options"}`;
    found = [];
    fill(list, groups.map((group) => [
      group.label && el("div", { class: "group-label" }, group.label.text),
      group.options.map((option) => {
        const node = el("div", { class: "option", role: "option", id: freshId(), "aria-selected": String(option.value === chosen?.value),
          "data-testid": `option-${option.value}` }, el("span", {}, option.text.text), option.description && el("small", {}, option.description.text));
        // Before the input loses the focus, which would close the list.
        node.addEventListener("pointerdown", (event) => event.preventDefault());
        node.addEventListener("click", () => choose(option));
        found.push({ option, node });
        return node;
      }),
    ]));
    move(0);
  };
  const move = (to) => {
    if (found.length === 0) return;
    found[active]?.node.classList.remove("active");
    active = (to + found.length) % found.length;
    const { node } = found[active];
    node.classList.add("active");
    node.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", node.id);
  };
  const choose = (option) => {
    const same = option?.value === chosen?.value;
    chosen = option;
    input.value = option?.text.text ?? "";
    clear.hidden = !option;
    close();
    input.focus();
    if (same) return;
    // Emptied, there is no option to tell the app of; Slack keeps that to itself until the form is sent.
    if (!option) setValue(surface.form, block, element, { selected_option: null });
    else changed(surface, block, element, input, { selected_option: option }, { optionValue: option.value });
  };
  const start = () => {
    open();
    ask();
  };

  input.addEventListener("click", () => isOpen() || start());
  input.addEventListener("focus", () => input.select());
  input.addEventListener("input", () => {
    open();
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_AFTER_MS);
  });
  input.addEventListener("blur", () => {
    // What was typed and not chosen is no choice.
    input.value = chosen?.text.text ?? "";
    close();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const keys = {
      ArrowDown: () => (isOpen() ? move(active + 1) : start()),
      ArrowUp: () => (isOpen() ? move(active - 1) : start()),
      Home: () => isOpen() && move(0),
      End: () => isOpen() && move(found.length - 1),
      Enter: () => (isOpen() && found[active] ? choose(found[active].option) : isOpen() || start()),
      // Closes the list only, not the dialog around it.
      Escape: () => isOpen() && (close(), true),
    };
    if (!keys[event.key]) return;
    const caretKeys = ["Home", "End"];
    if (event.key === "Escape" && !isOpen()) return;
    if (caretKeys.includes(event.key) && !isOpen()) return;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
  });
  clear.hidden = !chosen;
  return el("div", { class: "combobox" }, input, clear, list, status);
}
