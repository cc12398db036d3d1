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
  document.documentElement.dataset.zone = page.documentElement.dataset.zone;
  swap("main", page);
  swap("zone", page);
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
