// The month: a grid under the arrow keys, todos that are dragged to another day, days that open.

import { closeDialog, dialogIsOpen, openDialog } from "./dialog.js";
import { editForm, enhanceEditing, focusTitle } from "./edit.js";
import { enhanceForms } from "./forms.js";
import { fetchPage } from "./http.js";
import { onKeys } from "./keyboard.js";
import { say } from "./notice.js";
import { ready } from "./page.js";
import { swap } from "./swap.js";
import { keepInStep } from "./sync.js";
import { t } from "./text.js";
import { enhanceButtons, hideDoomed, moveTo, setCompleted } from "./todos.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }; // days

/** The day that the keys are at, as 2026-11-24. */
let at = "";
/** The todo that is being dragged. @type {HTMLElement | null} */
let dragged = null;

enhanceButtons();
enhanceEditing();
enhanceForms();
onKeys({
  n: () => openDay(at),
  j: () => stepChip(1),
  k: () => stepChip(-1),
  x: () => {
    const chip = currentChip();
    if (chip) setCompleted([idOf(chip)], !chip.classList.contains("done"));
  },
  e: () => {
    const chip = currentChip();
    if (chip) openTodo(linkOf(chip));
  },
});

ready.then(() => {
  at = startingDay();
  rove();
  keepInStep(refresh);
  setInterval(refresh, 60_000); // what was due in a minute is overdue now
});

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab was asked for
  const target = /** @type {Element} */ (event.target);
  const link = /** @type {HTMLAnchorElement | null} */ (target.closest("a"));
  const cell = cellOf(target);
  if (link?.matches(".month-head a")) show(link.href, "push");
  else if (link?.matches(".chip a")) openTodo(link);
  else if (link?.matches("dialog > form .cancel")) closeDialog();
  else if (cell) openDay(dayOf(cell));
  else return;
  event.preventDefault();
});
document.addEventListener("sent", (event) => {
  if (/** @type {Element} */ (event.target).matches("dialog > form.edit")) closeDialog();
});
document.addEventListener("doomed", () => {
  if (document.querySelector("dialog > form.edit")) closeDialog();
});
document.addEventListener("keydown", onKey);
document.addEventListener("dragstart", onDragStart);
document.addEventListener("dragover", onDragOver);
document.addEventListener("drop", onDrop);
document.addEventListener("dragend", () => {
  mark(null);
  dragged?.classList.remove("dragged");
  dragged = null;
});
addEventListener("popstate", () => show(location.href));

/** @param {string} address @param {"push"} [step] @returns {Promise<void>} */
async function show(address, step) {
  try {
    const page = await fetchPage(address);
    if (step) history.pushState(null, "", page.url);
    swap("month", page.document);
    document.title = page.document.title;
    hideDoomed();
    if (!cellAt(at)) at = startingDay();
    rove();
  } catch (error) {
    if (step) say(t("said.failed", { reason: /** @type {Error} */ (error).message }));
  }
}

/** This month, and the day in the dialog, as they are now. */
async function refresh() {
  const shown = /** @type {HTMLElement | null} */ (document.querySelector("dialog #day"));
  if (shown) {
    const { document: day } = await fetchPage(`/?day=${shown.dataset.day}`);
    for (const id of ["count", "todos"]) swap(id, day);
  }
  await show(location.href);
}

/** A day's todos and the form that adds one, from the list's own page. @param {string} day */
async function openDay(day) {
  at = day;
  rove();
  try {
    const page = await fetchPage(`/?day=${day}`);
    const content = /** @type {HTMLElement} */ (page.document.getElementById("day"));
    const heading = /** @type {HTMLElement} */ (content.querySelector("h1"));
    heading.remove();
    content.querySelector("#crumb")?.remove();
    openDialog(heading.textContent ?? "", content, () => numberOf(cellAt(at)));
    document.getElementById("add-title")?.focus();
    hideDoomed();
  } catch (error) {
    say(t("said.failed", { reason: /** @type {Error} */ (error).message }));
  }
}

/** @param {HTMLAnchorElement} link */
async function openTodo(link) {
  const id = idOf(/** @type {HTMLElement} */ (link.closest(".chip")));
  const form = await editForm(link.href);
  if (!form) return;
  openDialog(t("form.edit"), form, () => {
    const chip = /** @type {HTMLElement | null} */ (document.querySelector(`.chip[data-id="${id}"]`));
    return chip && !chip.hidden ? linkOf(chip) : numberOf(cellAt(at));
  });
  focusTitle(form);
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {Element} */ (event.target);
  const cell = cellOf(target);
  if (!cell || event.ctrlKey || event.metaKey || dialogIsOpen()) return;
  const step = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
  const chip = currentChip();
  if (event.altKey && step && chip) move(chip, plusDays(dayOf(cell), forward(event.key, step)));
  else if (event.altKey) return;
  else if (step) goTo(plusDays(dayOf(cell), forward(event.key, step)));
  else if (event.key === "PageUp") turn("month-previous", -1);
  else if (event.key === "PageDown") turn("month-next", 1);
  else if (event.key === "Home") goTo(dayOf(rowOf(cell)[0]));
  else if (event.key === "End") goTo(dayOf(rowOf(cell)[6]));
  else return;
  event.preventDefault();
}

/** Left is the day before, unless the page is written from right to left. @param {string} key @param {number} step */
function forward(key, step) {
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  return sideways && getComputedStyle(document.body).direction === "rtl" ? -step : step;
}

/** Move the focus to a day, in another month if need be. @param {string} day */
async function goTo(day) {
  const before = at;
  at = day;
  const cell = cellAt(day);
  if (!cell || (cell.classList.contains("other") && !cellAt(before)?.classList.contains("other"))) {
    await show(`/month?month=${day.slice(0, 7)}`, "push");
  }
  at = day;
  rove();
  numberOf(cellAt(day))?.focus();
}

/** The same day of the month before or after. @param {string} link @param {1 | -1} months */
async function turn(link, months) {
  const [year, month, day] = at.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate();
  const there = new Date(Date.UTC(year, month - 1 + months, Math.min(day, last)));
  at = iso(there);
  await show(/** @type {HTMLAnchorElement} */ (document.getElementById(link)).href, "push");
  numberOf(cellAt(at))?.focus();
}

/** @param {HTMLElement} chip @param {string} day */
async function move(chip, day) {
  const id = idOf(chip);
  const cell = cellAt(day);
  const spoken = numberOf(cell)?.dataset.spoken ?? day;
  // At once, for the next key press; where it belongs among the others comes after.
  cell?.querySelector("ul")?.append(chip);
  linkOf(chip).focus();
  at = day;
  if (!cell) await show(`/month?month=${day.slice(0, 7)}`, "push");
  await moveTo(id, /** @type {string} */ (chip.dataset.deadline), day, spoken);
  rove();
  const moved = /** @type {HTMLElement | null} */ (document.querySelector(`.chip[data-id="${id}"] a`));
  (moved ?? numberOf(cellAt(day)))?.focus();
}

/** @param {DragEvent} event */
function onDragStart(event) {
  dragged = /** @type {Element} */ (event.target).closest?.(".chip") ?? null;
  if (!dragged || !event.dataTransfer) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", linkOf(dragged).title);
  dragged.classList.add("dragged");
}

/** @param {DragEvent} event */
function onDragOver(event) {
  const cell = dragged && cellOf(/** @type {Element} */ (event.target));
  mark(cell);
  if (cell) event.preventDefault();
}

/** @param {DragEvent} event */
function onDrop(event) {
  const cell = dragged && cellOf(/** @type {Element} */ (event.target));
  if (!cell || !dragged) return;
  event.preventDefault();
  if (!cell.contains(dragged)) move(dragged, dayOf(cell));
}

/** @param {HTMLElement | null} cell */
function mark(cell) {
  for (const other of document.querySelectorAll("td.target")) other.classList.remove("target");
  cell?.classList.add("target");
}

/** Only the day that the keys are at is a stop of the Tab key, and only its todos are. */
function rove() {
  for (const link of document.querySelectorAll("#month td a")) {
    /** @type {HTMLElement} */ (link).tabIndex = dayOf(/** @type {HTMLElement} */ (cellOf(link))) === at ? 0 : -1;
  }
}

/** Today, or the first of another month. */
function startingDay() {
  const cell = document.querySelector("td.today:not(.other)") ?? document.querySelector("td[data-day]:not(.other)");
  return dayOf(/** @type {HTMLElement} */ (cell));
}

/** @param {1 | -1} direction */
function stepChip(direction) {
  const chips = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".chip:not([hidden])")]);
  const index = chips.indexOf(/** @type {HTMLElement} */ (currentChip()));
  const next = chips[index < 0 ? (direction > 0 ? 0 : chips.length - 1) : index + direction];
  if (!next) return;
  at = dayOf(/** @type {HTMLElement} */ (cellOf(next)));
  rove();
  linkOf(next).focus();
}

/** @param {string} day @param {number} days */
function plusDays(day, days) {
  const date = new Date(`${day}T00:00:00Z`); // a day of the calendar, in no zone
  date.setUTCDate(date.getUTCDate() + days);
  return iso(date);
}

/** @param {Date} date */
const iso = (date) => date.toISOString().slice(0, 10);

/** @returns {HTMLElement | null} */
const currentChip = () => document.activeElement?.closest(".chip") ?? null;
/** @param {HTMLElement} chip */
const idOf = (chip) => /** @type {string} */ (chip.dataset.id);
/** @param {HTMLElement} chip @returns {HTMLAnchorElement} */
const linkOf = (chip) => /** @type {HTMLAnchorElement} */ (chip.querySelector("a"));
/** @param {Element} element @returns {HTMLElement | null} */
const cellOf = (element) => element.closest?.("td[data-day]") ?? null;
/** @param {HTMLElement} cell */
const dayOf = (cell) => /** @type {string} */ (cell.dataset.day);
/** @param {string} day @returns {HTMLElement | null} */
const cellAt = (day) => document.querySelector(`td[data-day="${day}"]`);
/** @param {HTMLElement | null} cell @returns {HTMLElement | null} */
const numberOf = (cell) => cell?.querySelector("a.number") ?? null;
/** @param {HTMLElement} cell @returns {HTMLElement[]} */
const rowOf = (cell) => [.../** @type {HTMLTableRowElement} */ (cell.parentElement).cells];
