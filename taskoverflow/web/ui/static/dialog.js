// One dialog for all: a day, a todo, the keys.

import { icon } from "./icons.js";
import { t } from "./text.js";

/** Where the focus goes back to. @type {() => HTMLElement | null} */
let wayBack = () => null;

/**
 * Show something in the dialog, in place of what is shown there.
 * @param {string} title
 * @param {Node} content
 * @param {() => HTMLElement | null} [back] what has the focus afterwards: by then, what had it may
 * have been replaced by a newer one
 */
export function openDialog(title, content, back) {
  const dialog = element();
  const heading = document.createElement("h2");
  heading.id = "dialog-title";
  heading.textContent = title;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "icon close";
  close.setAttribute("aria-label", t("dialog.close"));
  close.append(icon("close"));
  close.addEventListener("click", closeDialog);
  const head = document.createElement("header");
  head.append(heading, close);
  dialog.replaceChildren(head, content);
  if (dialog.open) return;
  const opener = /** @type {HTMLElement} */ (document.activeElement);
  wayBack = back ?? (() => opener);
  dialog.showModal();
}

/** Close the dialog, if it is open. */
export function closeDialog() {
  element().close();
}

/** Whether the dialog is open. */
export function dialogIsOpen() {
  return element().open;
}

function element() {
  let dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("dialog"));
  if (dialog) return dialog;
  dialog = document.createElement("dialog");
  dialog.id = "dialog";
  dialog.setAttribute("aria-labelledby", "dialog-title");
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  });
  dialog.addEventListener("close", () => {
    // What was said there is still to be seen.
    const said = document.getElementById("said");
    if (said) document.body.append(said);
    dialog.replaceChildren();
    wayBack()?.focus();
  });
  document.body.append(dialog);
  return dialog;
}
