// Exports: each job that has not ended is watched, and the page follows it to its end.

import { enhanceForms } from "./forms.js";
import { fetchPage } from "./http.js";
import { say, settle } from "./notice.js";
import { ready } from "./page.js";
import { swap } from "./swap.js";
import { t } from "./text.js";

const SOON = 3_000; // milliseconds, while something is under way or amiss
const LATER = 15_000;
const PARTS = ["queue", "jobs", "feeds"];

/** The streams of events, by job. @type {Map<string, EventSource>} */
const watched = new Map();
let timer = 0;

enhanceForms();
document.addEventListener("sent", (event) => {
  const { detail: page } = /** @type {CustomEvent<Document>} */ (event);
  if (swap("feed-new", page)?.childElementCount) {
    settle();
    document.getElementById("feed-new")?.focus();
  }
  update(page);
});
document.addEventListener("refused", (event) => {
  update(/** @type {CustomEvent<Document>} */ (event).detail);
});
document.addEventListener("submit", (event) => {
  const { wait } = /** @type {HTMLElement} */ (event.target).dataset;
  if (wait) say(wait);
});
document.addEventListener("click", (event) => {
  if (/** @type {Element} */ (event.target).closest("#copy")) copy();
});
document.addEventListener("visibilitychange", schedule);
ready.then(() => {
  watch();
  schedule();
});
setInterval(tick, 1_000);

/** @param {Document} page */
function update(page) {
  for (const id of PARTS) swap(id, page);
  watch();
  schedule();
}

async function refresh() {
  try {
    update((await fetchPage("/exports")).document);
  } catch {
    schedule();
  }
}

/** Look again soon while something may change: a worker started, a queue that comes back. */
function schedule() {
  clearTimeout(timer);
  if (document.hidden) return;
  const amiss = document.querySelector("#queue .notice, #jobs[data-unsettled]");
  timer = setTimeout(refresh, amiss ? SOON : LATER);
}

function watch() {
  const now = new Set();
  for (const row of document.querySelectorAll("[data-events]")) {
    const { events } = /** @type {HTMLElement} */ (row).dataset;
    now.add(events);
    if (events && !watched.has(events)) watched.set(events, follow(events, row.id));
  }
  for (const [events, source] of watched) {
    if (now.has(events) && source.readyState !== EventSource.CLOSED) continue;
    source.close();
    watched.delete(events);
  }
}

/** @param {string} events @param {string} id of the row */
function follow(events, id) {
  const source = new EventSource(events);
  source.addEventListener("change", (event) => {
    const job = JSON.parse(event.data);
    const row = document.getElementById(id);
    if (row && row.dataset.status !== job.status) refresh(); // it has other words, and buttons
    else showProgress(row, job);
  });
  source.addEventListener("end", () => {
    source.close();
    refresh();
  });
  return source;
}

/**
 * @param {HTMLElement | null} row
 * @param {{status: string, position: number | null, progress: {stage: string, done: number, total: number, percent: number} | null}} job
 */
function showProgress(row, job) {
  const bar = row?.querySelector("progress");
  if (!row || !bar) return;
  const { status, progress, position } = job;
  const detail = /** @type {HTMLElement} */ (row.querySelector(".detail"));
  if (status === "STARTED" && progress) {
    bar.max = 100;
    bar.value = progress.percent;
    detail.textContent = t(`exports.stage.${progress.stage}`, progress);
  } else if (position !== null) {
    bar.removeAttribute("value");
    detail.textContent = position ? t("exports.position", { count: position }) : t("exports.next_up");
  }
}

/** The seconds that a job takes, counted on here: the server's clock may be another. */
function tick() {
  for (const element of document.querySelectorAll("[data-elapsed]")) {
    const shown = /** @type {HTMLElement & {since?: number}} */ (element);
    shown.since ??= performance.now() - Number(shown.dataset.elapsed) * 1000;
    const seconds = Math.floor((performance.now() - shown.since) / 1000);
    const minutes = Math.floor(seconds / 60);
    shown.textContent = minutes
      ? t("exports.elapsed_minutes", { minutes, seconds: seconds % 60 })
      : t("exports.elapsed", { seconds });
  }
}

async function copy() {
  const address = /** @type {HTMLInputElement} */ (document.getElementById("address"));
  address.select();
  try {
    await navigator.clipboard.writeText(address.value);
    say(t("feeds.copied"));
  } catch {
    // Browsers give the clipboard to pages of https and localhost only; this one is older than that.
    say(t(document.execCommand("copy") ? "feeds.copied" : "feeds.not_copied"));
  }
}
