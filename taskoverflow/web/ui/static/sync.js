// Tabs stay in step: a cheap conditional question while the page is looked at, and a word to the
// other tabs of this browser at each change.

import { api, RequestError } from "./http.js";
import { say } from "./notice.js";
import { t } from "./text.js";

const EVERY = 3_000; // milliseconds
const channel = new BroadcastChannel("todos");

let etag = "";
let offline = false;
/** @type {(() => unknown) | null} */
let refresh = null;

/**
 * Call `whenChanged` after each change of a todo, whoever made it.
 * @param {() => unknown} whenChanged
 */
export function keepInStep(whenChanged) {
  refresh = whenChanged;
  channel.addEventListener("message", ask);
  document.addEventListener("visibilitychange", ask);
  setInterval(ask, EVERY);
  ask();
}

/** Todos were changed here. Resolves when the page shows it. */
export async function changed() {
  channel.postMessage(null);
  await ask(true);
}

/** @param {unknown} [force] true: refresh in any case */
async function ask(force) {
  if (document.hidden && force !== true) return;
  try {
    // The list's ETag changes with any todo; one todo of it is the least to send.
    const answer = await api("GET", "/todos?limit=1", { headers: { "If-None-Match": etag } });
    report(false);
    const known = answer.status === 304 || etag === "";
    etag = answer.headers.get("etag") ?? "";
    if (!known || force === true) await refresh?.();
  } catch (error) {
    const { status } = /** @type {RequestError} */ (error);
    report(status === 0 || status >= 500);
  }
}

/** @param {boolean} now */
function report(now) {
  if (now !== offline) say(t(now ? "said.offline" : "said.online"));
  offline = now;
}
