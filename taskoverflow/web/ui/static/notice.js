// What a page has to say, at its lower edge: read out, and undone from there.

import { icon } from "./icons.js";
import { t } from "./text.js";

const SHOWN = 8_000; // milliseconds; longer while somebody points at it or has the focus in it

/** @type {{ undo?: () => void, settle: () => void } | null} */
let current = null;

/**
 * Say something. One thing at a time: what was said before is settled.
 * @param {string} text
 * @param {{undo?: () => void, done?: () => void}} [options] exactly one of the two is called:
 * `undo` when that is pressed, `done` when it was not
 */
export function say(text, { undo, done } = {}) {
  current?.settle();
  const box = region();
  const bar = document.createElement("div");
  bar.className = "said";
  const words = document.createElement("span");
  words.textContent = text;
  bar.append(words);
  if (undo) bar.append(button("undo", t("said.undo"), () => close(undo)));
  bar.append(button("icon", icon("close"), () => close(done), t("said.dismiss")));
  box.replaceChildren(bar);

  let timer = setTimeout(() => close(done), SHOWN);
  const hold = () => clearTimeout(timer);
  const release = () => (timer = setTimeout(() => close(done), SHOWN));
  for (const event of ["pointerenter", "focusin"]) bar.addEventListener(event, hold);
  for (const event of ["pointerleave", "focusout"]) bar.addEventListener(event, release);

  /** @param {(() => void) | undefined} finish */
  function close(finish) {
    hold();
    bar.remove();
    current = null;
    finish?.();
  }
  current = { undo: undo && (() => close(undo)), settle: () => close(done) };
}

/** Undo what was said last, if that can be. */
export function undoLast() {
  current?.undo?.();
}

/** Nobody will press undo any more: the page is being left. */
export function settle() {
  current?.settle();
}

function region() {
  const box = /** @type {HTMLElement} */ (document.getElementById("said"));
  // Above an open dialog, which would hide it and make it inert.
  const home = document.querySelector("dialog[open]") ?? document.body;
  if (box.parentElement !== home) home.append(box);
  return box;
}

/** @param {string} kind @param {string | Node} content @param {() => void} press @param {string} [label] */
function button(kind, content, press, label) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = kind;
  made.append(content);
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", press);
  return made;
}
