// A todo is changed where it stands, by the form of its own page.

import { fetchPage } from "./http.js";
import { say } from "./notice.js";
import { t } from "./text.js";

/** Titles open the form in the row; Cancel and Escape close it. */
export function enhanceEditing() {
  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab was asked for
    const target = /** @type {Element} */ (event.target);
    const row = /** @type {HTMLElement | null} */ (target.closest?.("li[data-id]"));
    if (!row) return;
    if (target.closest("a.title")) edit(row);
    else if (target.closest("a.cancel")) stop(row);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const row = /** @type {Element} */ (event.target).closest?.("li[data-editing]");
    if (event.key !== "Escape" || !row) return;
    event.preventDefault(); // of the dialog around it
    stop(/** @type {HTMLElement} */ (row));
  });
  document.addEventListener("sent", (event) => {
    const row = /** @type {Element} */ (event.target).closest("li[data-editing]");
    if (row) stop(/** @type {HTMLElement} */ (row));
  });
}

/** The form of a todo, from its own page. @param {string} address @returns {Promise<HTMLFormElement | null>} */
export async function editForm(address) {
  try {
    const page = await fetchPage(address);
    const form = /** @type {HTMLFormElement | null} */ (page.document.querySelector("form.edit"));
    if (!form) say(t("said.gone"));
    return form;
  } catch (error) {
    say(t("said.failed", { reason: /** @type {Error} */ (error).message }));
    return null;
  }
}

/** @param {HTMLElement} row */
export async function edit(row) {
  if (row.dataset.editing) return;
  const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a.title"));
  const form = await editForm(link.href);
  if (!form || row.dataset.editing) return;
  row.dataset.editing = "true";
  row.append(form);
  focusTitle(form);
}

/** The caret behind the last character. @param {HTMLFormElement} form */
export function focusTitle(form) {
  const title = /** @type {HTMLInputElement} */ (form.elements.namedItem("title"));
  title.focus();
  title.setSelectionRange(title.value.length, title.value.length);
}

/** @param {HTMLElement} row */
function stop(row) {
  delete row.dataset.editing;
  row.querySelector("form.edit")?.remove();
  /** @type {HTMLElement} */ (row.querySelector("a.title")).focus();
}
