// Every request that a page makes passes here.

const TIMEOUT = 30_000; // milliseconds; a subscription's first file may take 25 s
const LOGIN = "/login";

/** An answer other than the one hoped for; `status` is 0 when there was none. */
export class RequestError extends Error {
  /** @param {number} status @param {string} reason */
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

/**
 * Call the API. Throws RequestError for 4xx and 5xx, and when no answer comes.
 * @param {string} method
 * @param {string} path below /api/v1
 * @param {{body?: object, headers?: Record<string, string>, keepalive?: boolean}} [options]
 * `keepalive`: the request outlives the page
 * @returns {Promise<Response>} 2xx or 304
 */
export async function api(method, path, { body, headers = {}, keepalive = false } = {}) {
  if (body) headers["Content-Type"] = "application/json";
  const answer = await send(`/api/v1${path}`, {
    method,
    headers: { Accept: "application/json", ...headers },
    body: body && JSON.stringify(body),
    keepalive,
    cache: "no-store",
  });
  if (answer.ok || answer.status === 304) return answer;
  if (answer.status === 401) signIn();
  const problem = await answer.json().catch(() => ({}));
  throw new RequestError(answer.status, problem.error ?? answer.statusText);
}

/**
 * Fetch a page, or send a form and fetch the page that it leads to.
 * @param {string} address
 * @param {FormData} [form]
 * @returns {Promise<{document: Document, url: string, status: number}>} also of an error's page
 */
export async function fetchPage(address, form) {
  const answer = await send(address, {
    method: form ? "POST" : "GET",
    headers: { Accept: "text/html" },
    body: form && encoded(form),
  });
  if (new URL(answer.url).pathname === LOGIN && location.pathname !== LOGIN) signIn();
  if (!answer.headers.get("content-type")?.startsWith("text/html")) {
    throw new RequestError(answer.status, answer.statusText);
  }
  const text = await answer.text();
  const document = new DOMParser().parseFromString(text, "text/html");
  return { document, url: answer.url, status: answer.status };
}

/** As a form is sent without scripts: with files in parts, without them as a query. @param {FormData} form */
function encoded(form) {
  const files = [...form.values()].some((value) => value instanceof File);
  return files ? form : new URLSearchParams(/** @type {any} */ (form));
}

/** The session is over. What is not saved stays on this page, which is a step back from there. */
function signIn() {
  location.assign(`${LOGIN}?back=${encodeURIComponent(location.pathname + location.search)}`);
}

/** @param {string} address @param {RequestInit} init */
async function send(address, init) {
  try {
    return await fetch(address, { ...init, signal: AbortSignal.timeout(TIMEOUT) });
  } catch (error) {
    throw new RequestError(0, String(error));
  }
}
