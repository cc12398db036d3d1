// What can be done with todos, and undone.

import { api } from "./http.js";
import { say, settle } from "./notice.js";
import { changed } from "./sync.js";
import { t } from "./text.js";

/**
 * Todos that are deleted as far as the person can see. The server is told when undo is over, or the
 * page is left: so what is undone was never gone, and keeps its id, which calendars know it by. Should
 * the browser die in those seconds, the todo is still there; the other way round it could be lost.
 * @type {Set<string>}
 */
const doomed = new Set();

addEventListener("pagehide", settle);

/** Buttons named complete, reopen and delete do it without a page of their own. */
export function enhanceButtons() {
  document.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest?.("button[name][value]");
    const act = button && BUTTONS[/** @type {HTMLButtonElement} */ (button).name];
    if (!act) return;
    event.preventDefault();
    act([/** @type {HTMLButtonElement} */ (button).value]);
  });
}

/**
 * Complete or reopen todos.
 * @param {string[]} ids
 * @param {boolean} completed
 */
export async function setCompleted(ids, completed) {
  for (const id of ids) {
    for (const row of rows(id)) row.classList.toggle("done", completed);
  }
  const said = completed ? "said.completed" : "said.reopened";
  await attempt(async () => {
    await bulk(completed ? "complete" : "reopen", ids);
    say(t(said, { count: ids.length }), { undo: () => setCompleted(ids, !completed) });
  });
}

/**
 * Delete todos; see `doomed`.
 * @param {string[]} ids
 */
export function deleteSoon(ids) {
  settle();
  for (const id of ids) doomed.add(id);
  const neighbour = nextFocus();
  hideDoomed();
  neighbour?.focus();
  say(t("said.deleted", { count: ids.length }), {
    undo: () => {
      for (const id of ids) doomed.delete(id);
      hideDoomed();
      rows(ids[0])[0]?.querySelector("a")?.focus();
    },
    done: async () => {
      await attempt(() => bulk("delete", ids));
      for (const id of ids) doomed.delete(id);
      hideDoomed(); // which shows again what could not be deleted
    },
  });
  document.dispatchEvent(new CustomEvent("doomed", { detail: ids }));
}

/**
 * Move a deadline to another day, at the same time of day on this person's clock.
 * @param {string} id
 * @param {string} deadline ISO 8601, in UTC
 * @param {string} day as 2026-11-24
 * @param {string} spoken the day in words
 */
export async function moveTo(id, deadline, day, spoken) {
  const moved = onDay(deadline, day);
  await attempt(async () => {
    await api("PATCH", `/todos/${id}`, { body: { deadline_at: moved } });
    say(t("said.moved", { day: spoken }), {
      undo: () => attempt(() => api("PATCH", `/todos/${id}`, { body: { deadline_at: deadline } })),
    });
  });
}

/** Hide what is deleted as far as the person can see; after each change of the page. */
export function hideDoomed() {
  for (const row of document.querySelectorAll("[data-id]")) {
    const { id } = /** @type {HTMLElement} */ (row).dataset;
    /** @type {HTMLElement} */ (row).hidden = doomed.has(/** @type {string} */ (id));
  }
}

/**
 * The same time of day on another day. Daylight saving may lie between them: 09:00 stays 09:00.
 * @param {string} deadline ISO 8601, in UTC
 * @param {string} day
 * @returns {string} ISO 8601, in UTC
 */
export function onDay(deadline, day) {
  const moment = new Date(deadline);
  const [year, month, date] = day.split("-").map(Number);
  moment.setFullYear(year, month - 1, date);
  return moment.toISOString();
}

/** @param {string} op @param {string[]} ids */
async function bulk(op, ids) {
  const operations = ids.map((id) => ({ op, id: Number(id) }));
  // keepalive: it may be the last thing that this page does.
  const answer = await api("POST", "/todos/bulk", { body: { operations }, keepalive: true });
  const { results } = await answer.json();
  const gone = results.filter((/** @type {{status: number}} */ result) => result.status >= 400);
  if (gone.length && op !== "delete") say(t("said.gone"));
}

/** Do it, say so if it fails, and show what came of it. @param {() => Promise<unknown>} act */
async function attempt(act) {
  try {
    await act();
  } catch (error) {
    say(t("said.failed", { reason: /** @type {Error} */ (error).message }));
  }
  await changed();
}

/** @param {string} id @returns {NodeListOf<HTMLElement>} */
function rows(id) {
  return document.querySelectorAll(`[data-id="${CSS.escape(id)}"]`);
}

/** Where the focus goes when the row that has it is hidden: the row after it, or the one before. */
function nextFocus() {
  const row = document.activeElement?.closest("[data-id]");
  if (!row) return null;
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-id]:not([hidden])")]);
  const left = all.filter((other) => other === row || !doomed.has(other.dataset.id ?? ""));
  const index = left.indexOf(/** @type {HTMLElement} */ (row));
  const neighbour = left[index + 1] ?? left[index - 1];
  return /** @type {HTMLElement | null} */ (neighbour?.querySelector("a") ?? neighbour ?? null);
}

/** @type {Record<string, (ids: string[]) => unknown>} */
const BUTTONS = {
  complete: (ids) => setCompleted(ids, true),
  reopen: (ids) => setCompleted(ids, false),
  delete: deleteSoon,
};
