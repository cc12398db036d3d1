// Single keys. Never while somebody types, never with Ctrl, Alt or Meta; and they can be turned
// off, since who speaks to their computer presses them by accident (WCAG 2.1.4).

import { undoLast } from "./notice.js";
import { openDialog } from "./dialog.js";
import { t } from "./text.js";

const STORED = "shortcuts";
const KEYS = [
  ["n", "new"],
  ["/", "search"],
  ["j", "next"],
  ["k", "previous"],
  ["x", "complete"],
  ["e", "edit"],
  ["u", "undo"],
  ["?", "help"],
  ["Alt + ← → ↑ ↓", "move"],
  ["PageUp, PageDown", "page"],
];

/** @type {Record<string, () => void>} */
const actions = { "?": showKeys, u: undoLast };

/**
 * Say what keys do on this page.
 * @param {Record<string, () => void>} more by key
 */
export function onKeys(more) {
  Object.assign(actions, more);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !enabled()) return;
  if (event.defaultPrevented || isField(event.target)) return;
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

/** The dialog that lists the keys. */
export function showKeys() {
  const content = document.createElement("div");
  const list = document.createElement("dl");
  list.className = "keys";
  for (const [key, name] of KEYS) {
    const term = document.createElement("dt");
    for (const part of key.split(" ")) {
      const shown = document.createElement(part.length > 1 || part !== "+" ? "kbd" : "span");
      shown.textContent = part.replace(",", "");
      term.append(shown);
    }
    const words = document.createElement("dd");
    words.textContent = t(`keys.${name}`);
    list.append(term, words);
  }
  const label = document.createElement("label");
  label.className = "inline";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = enabled();
  box.addEventListener("change", () => localStorage.setItem(STORED, box.checked ? "on" : "off"));
  label.append(box, t("keys.enabled"));
  content.append(list, label);
  openDialog(t("keys.title"), content);
}

function enabled() {
  return localStorage.getItem(STORED) !== "off";
}

/** @param {EventTarget | null} target */
function isField(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio"].includes(target.type);
  return target.isContentEditable || target.matches("textarea, select");
}
