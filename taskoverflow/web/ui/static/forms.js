// Forms are sent without leaving the page. The server reads them as it does without scripts, and
// says in the same words what is wrong: there is no second set of rules here.

import { fetchPage } from "./http.js";
import { say } from "./notice.js";
import { ready } from "./page.js";
import { changed } from "./sync.js";
import { t } from "./text.js";

/** Enhance every form that says in `data-done` what to say when it has been sent. */
export function enhanceForms() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.done === undefined || event.defaultPrevented) return;
    event.preventDefault();
    send(form, /** @type {HTMLButtonElement | null} */ (event.submitter));
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement | null} submitter
 */
async function send(form, submitter) {
  await ready; // the form may be another then, which means another time zone
  form = /** @type {HTMLFormElement} */ (document.getElementById(form.id)) ?? form;
  if (form.dataset.sending) return;
  form.dataset.sending = "true";
  submitter?.setAttribute("aria-busy", "true");
  try {
    const page = await fetchPage(form.getAttribute("action") ?? "", new FormData(form, submitter?.form === form ? submitter : null));
    const again = page.document.getElementById(form.id);
    if (page.status >= 400) refuse(form, again, page.document);
    else await accept(form, page.document);
  } catch (error) {
    say(t("said.failed", { reason: /** @type {Error} */ (error).message }));
  } finally {
    delete form.dataset.sending;
    submitter?.removeAttribute("aria-busy");
  }
}

/** @param {HTMLFormElement} form @param {Document} page */
async function accept(form, page) {
  form.querySelector(".error")?.remove();
  form.reset();
  // Who writes one todo has another: the form that adds says with data-again where it begins.
  /** @type {HTMLElement | null} */ (form.querySelector("[data-again]"))?.focus();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  if (form.dataset.done) say(form.dataset.done);
  form.dispatchEvent(new CustomEvent("sent", { bubbles: true, detail: page }));
  await changed();
}

/**
 * The form as the server shows it again, with what is wrong.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} again
 * @param {Document} page
 */
function refuse(form, again, page) {
  if (!again) return say(t("said.failed", { reason: page.querySelector("main [role=alert]")?.textContent ?? "" }));
  form.replaceWith(again);
  const bad = /** @type {HTMLElement | null} */ (again.querySelector("[aria-invalid]"));
  (bad ?? again.querySelector("button"))?.focus();
  again.dispatchEvent(new CustomEvent("refused", { bubbles: true, detail: page }));
}
