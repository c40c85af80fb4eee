// The page's whole "framework": making elements, and changing a list of them as little as possible.

/** Makes an element. Text goes in as text nodes only, so nothing that was written by anyone is ever read as HTML. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Puts children in place of those that are there. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/**
 * Makes `parent` hold one node per item, keeping the nodes whose signature is the same.
 * A kept node is never moved: moving one would take the focus and the caret out of it.
 */
export function reconcile(parent, items, { key, sign, make }) {
  const known = new Map([...parent.children].map((node) => [node.keyOfItem, node]));
  const wanted = items.map((item) => ({ item, key: key(item), sign: sign(item) }));
  const kept = new Set();
  for (const one of wanted) {
    const node = known.get(one.key);
    if (node && node.signOfItem === one.sign && !kept.has(node)) {
      one.node = node;
      kept.add(node);
    }
  }
  const focus = focusWithin(parent);
  for (const node of [...parent.children]) if (!kept.has(node)) node.remove();
  let cursor = parent.firstElementChild;
  for (const one of wanted) {
    if (one.node && one.node === cursor) {
      cursor = cursor.nextElementSibling;
      continue;
    }
    const node = one.node ?? make(one.item);
    node.keyOfItem = one.key;
    node.signOfItem = one.sign;
    parent.insertBefore(node, cursor);
  }
  focus.restore();
}

/** Remembers which control has the focus, to give it to the one drawn in its place. */
function focusWithin(parent) {
  const active = document.activeElement;
  if (!active || active === document.body || !parent.contains(active)) return { restore() {} };
  const marks = ["data-testid", "data-block-id", "data-action-id"].filter((name) => active.hasAttribute(name));
  const selector = marks.map((name) => `[${name}="${CSS.escape(active.getAttribute(name))}"]`).join("");
  const item = active.closest("[data-ts]")?.dataset.ts;
  const caret = typeof active.selectionStart === "number" ? [active.selectionStart, active.selectionEnd] : null;
  return {
    restore() {
      if (active.isConnected) return;
      const around = item ? parent.querySelector(`[data-ts="${CSS.escape(item)}"]`) : parent;
      const again = (selector && around?.querySelector(selector)) || around;
      again?.focus({ preventScroll: true });
      if (caret && again?.setSelectionRange) again.setSelectionRange(...caret);
    },
  };
}

/** Says something to screen readers. */
export function announce(text) {
  document.getElementById("announce").textContent = text;
}

let lastId = 0;

/** An id for aria attributes. */
export function freshId() {
  lastId += 1;
  return `x${lastId}`;
}
