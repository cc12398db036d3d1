// The list: filters that answer as you type, rows under the keys, more when you reach the end.

import { edit, enhanceEditing } from "./edit.js";
import { enhanceForms } from "./forms.js";
import { fetchPage } from "./http.js";
import { onKeys } from "./keyboard.js";
import { say } from "./notice.js";
import { ready } from "./page.js";
import { count, enhanceSelection } from "./selection.js";
import { swap } from "./swap.js";
import { keepInStep } from "./sync.js";
import { t } from "./text.js";
import { enhanceButtons, hideDoomed } from "./todos.js";

const TYPING = 200; // milliseconds without a key, and a search begins
const NEAR_END = "600px"; // of the list: more is fetched before it is missed

let latest = 0;

enhanceButtons();
enhanceEditing();
enhanceForms();
enhanceSelection();
enhanceFilter();
onKeys({
  n: () => document.getElementById("add-title")?.focus(),
  "/": () => /** @type {HTMLInputElement | null} */ (document.getElementById("search"))?.select(),
  j: () => step(1),
  k: () => step(-1),
  x: () => /** @type {HTMLElement | null} */ (currentRow()?.querySelector("button.check"))?.click(),
  e: () => {
    const row = currentRow();
    if (row) edit(row);
  },
});
const end = new IntersectionObserver(
  (entries) => entries.some((entry) => entry.isIntersecting) && showMore(),
  { rootMargin: NEAR_END },
);

ready.then(() => {
  if (location.hash === "#add") document.getElementById("add-title")?.focus();
  if (location.hash === "#search") document.getElementById("search")?.focus();
  watchEnd();
  keepInStep(() => show(location.href));
  setInterval(() => show(location.href), 60_000); // what was due in a minute is overdue now
});

/**
 * Show another list, or this one as it is now.
 * @param {string} address
 * @param {"push" | "replace"} [step] what becomes of the browser's history
 */
async function show(address, step) {
  const turn = ++latest;
  try {
    const page = await fetchPage(address);
    if (turn !== latest) return; // a later answer is there already, or on its way
    if (step === "push") history.pushState(null, "", page.url);
    if (step === "replace") history.replaceState(null, "", page.url);
    for (const id of ["states", "count", "todos"]) swap(id, page.document);
    hideDoomed();
    count();
    watchEnd();
  } catch (error) {
    if (step) say(t("said.failed", { reason: /** @type {Error} */ (error).message }));
  }
}

function enhanceFilter() {
  let typing = 0;
  document.addEventListener("submit", (event) => {
    if (/** @type {Element} */ (event.target).id !== "filter") return;
    event.preventDefault();
    show(filtered(), "replace");
  });
  document.addEventListener("input", (event) => {
    if (!(/** @type {Element} */ (event.target).closest("#filter"))) return;
    clearTimeout(typing);
    typing = setTimeout(() => show(filtered(), "replace"), TYPING);
  });
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest?.("#states a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    clearTimeout(typing);
    show(filtered(/** @type {HTMLElement} */ (link).dataset.state), "push");
  });
  addEventListener("popstate", () => location.reload());
}

/** The address of the list that the form means now. @param {string} [state] another state */
function filtered(state) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById("filter"));
  const query = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  if (state) query.set("state", state);
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  return `/?${query}`;
}

function watchEnd() {
  end.disconnect();
  const more = document.querySelector("#more[data-appends]");
  if (more) end.observe(more);
}

function showMore() {
  end.disconnect();
  const more = /** @type {HTMLAnchorElement | null} */ (document.querySelector("#more[data-appends]"));
  if (more) show(more.href, "replace");
}

/** @param {1 | -1} direction */
function step(direction) {
  const links = /** @type {HTMLElement[]} */ ([
    ...document.querySelectorAll("li.todo:not([hidden]):not([data-editing]) a.title"),
  ]);
  const now = currentRow()?.querySelector("a.title");
  const index = links.indexOf(/** @type {HTMLElement} */ (now));
  const next = index < 0 ? (direction > 0 ? 0 : links.length - 1) : index + direction;
  links[next]?.focus();
}

/** @returns {HTMLElement | null | undefined} */
function currentRow() {
  return document.activeElement?.closest("li.todo");
}
