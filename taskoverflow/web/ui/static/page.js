// What every view has.

import { fetchPage } from "./http.js";
import { onKeys, showKeys } from "./keyboard.js";
import { swap } from "./swap.js";
import { introduce } from "./viewer.js";

onKeys({
  n: () => location.assign("/#add"),
  "/": () => location.assign("/#search"),
});
document.getElementById("keys-button")?.addEventListener("click", showKeys);
enhanceTheme();

/** Resolves when the page shows times as this browser would. */
export const ready = introduce() ? showAnew() : Promise.resolve();

async function showAnew() {
  const { document: page } = await fetchPage(location.href);
  const typed = fieldsWithText();
  for (const id of ["main", "zone"]) swap(id, page);
  for (const { id, value } of typed) {
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById(id));
    if (field) field.value = value;
  }
}

/** What somebody has typed already: on a slow machine they are faster than this. */
function fieldsWithText() {
  const fields = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("main [id]")]);
  return fields.filter(({ value, defaultValue }) => value !== defaultValue);
}

function enhanceTheme() {
  document.addEventListener("submit", async (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.id !== "theme") return;
    event.preventDefault();
    const { document: page } = await fetchPage(form.action, new FormData(form));
    document.documentElement.dataset.theme = page.documentElement.dataset.theme;
    const scheme = 'meta[name="color-scheme"]';
    document.querySelector(scheme)?.replaceWith(/** @type {Node} */ (page.querySelector(scheme)));
    swap("theme", page);
  });
}
