// Several todos at once: boxes to tick, and a bar that says what can be done with the ticked ones.

import { deleteSoon, setCompleted } from "./todos.js";
import { t } from "./text.js";

/** @type {Record<string, (ids: string[]) => unknown>} */
const ACTIONS = {
  complete: (ids) => setCompleted(ids, true),
  reopen: (ids) => setCompleted(ids, false),
  delete: deleteSoon,
};

/** Let todos of the list be selected. */
export function enhanceSelection() {
  const main = /** @type {HTMLElement} */ (document.getElementById("main"));
  main.addEventListener("change", (event) => {
    if (/** @type {Element} */ (event.target).matches("input.select")) count();
  });
  main.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("button");
    if (button?.id === "select") start();
    else if (button?.id === "select-stop") stop();
    else if (button?.id === "select-all") tickAll();
    else if (button?.name === "bulk") act(event, button.value);
  });
}

/** After each change of the list: it may have brought new rows. */
export function count() {
  const output = document.getElementById("selected");
  if (output) output.textContent = t("bulk.selected", { count: ticked().length });
}

function start() {
  document.documentElement.classList.add("selecting");
  count();
  /** @type {HTMLElement | null} */ (document.querySelector("input.select"))?.focus();
}

function stop() {
  for (const box of ticked()) box.checked = false;
  document.documentElement.classList.remove("selecting");
  document.getElementById("select")?.focus();
}

function tickAll() {
  for (const box of boxes()) box.checked = true;
  count();
}

/** @param {Event} event @param {string} action */
function act(event, action) {
  event.preventDefault();
  const ids = ticked().map((box) => box.value);
  if (!ids.length) return;
  stop();
  ACTIONS[action](ids);
}

/** @returns {HTMLInputElement[]} */
function boxes() {
  return /** @type {HTMLInputElement[]} */ ([
    ...document.querySelectorAll("li:not([hidden]) > input.select"),
  ]);
}

function ticked() {
  return boxes().filter((box) => box.checked);
}
