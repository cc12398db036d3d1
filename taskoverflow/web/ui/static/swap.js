// The server makes every piece of a page; a newer one takes the place of an older one here.

/**
 * Put the newer form of an element in its place. What has the same `data-key` and has not changed
 * stays the same node, and so keeps what a person did to it; so does what they are editing.
 * @param {string} id
 * @param {Document} newer
 * @returns {HTMLElement | null} the element, or null if either page has none of that id
 */
export function swap(id, newer) {
  const old = document.getElementById(id);
  const fresh = newer.getElementById(id);
  if (!old || !fresh) return null;
  const focus = describeFocus(old);
  const kept = new Map(keyed(old).map((node) => [node.dataset.key, node]));
  for (const node of keyed(fresh)) {
    const known = kept.get(node.dataset.key);
    if (known && (known.dataset.editing || known.isEqualNode(node))) node.replaceWith(known);
    else if (known) keepSelection(known, node);
  }
  for (const { name, value } of [...fresh.attributes]) old.setAttribute(name, value);
  old.replaceChildren(...fresh.childNodes);
  restoreFocus(old, focus);
  return old;
}

/** @param {HTMLElement} root @returns {HTMLElement[]} */
function keyed(root) {
  return /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-key]")]);
}

/** @param {HTMLElement} old @param {HTMLElement} fresh */
function keepSelection(old, fresh) {
  const [before, now] = [old, fresh].map(
    (row) => /** @type {HTMLInputElement | null} */ (row.querySelector("input.select")),
  );
  if (before && now) now.checked = before.checked;
}

/** Where the focus is, in words that still mean something afterwards. @param {HTMLElement} root */
function describeFocus(root) {
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  if (!active || !root.contains(active)) return null;
  const item = /** @type {HTMLElement | null} */ (active.closest("[data-key]"));
  const key = item?.dataset.key;
  const position = item ? keyed(root).indexOf(item) : -1;
  return { active, key, position, selector: selectorOf(active) };
}

/** @param {Element} element */
function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const list = [...element.classList].map((name) => `.${CSS.escape(name)}`);
  return element.localName + list.join("");
}

/** @param {HTMLElement} root @param {ReturnType<typeof describeFocus>} focus */
function restoreFocus(root, focus) {
  if (!focus) return;
  if (root.contains(focus.active)) return focus.active.focus({ preventScroll: true });
  const items = keyed(root);
  // What had the focus is gone: its neighbour has it, so that nobody starts again from the top.
  const item =
    items.find((node) => node.dataset.key === focus.key) ??
    (focus.position < 0 ? root : items[Math.min(focus.position, items.length - 1)]);
  const target = /** @type {HTMLElement} */ (
    item?.querySelector(focus.selector) ?? item?.querySelector("a, button") ?? root
  );
  if (target === root) root.tabIndex = -1;
  target.focus({ preventScroll: true });
}
