import { MESSAGES } from "./messages.js";

/**
 * The text of a key of messages/en.json, with its values put in.
 * @param {string} key
 * @param {Record<string, string | number>} [values] `count` chooses between `one` and `other`
 */
export function t(key, values = {}) {
  const found = MESSAGES[key];
  if (found === undefined) return ""; // a newer worker may be in a stage that has no words yet
  const text = typeof found === "string" ? found : found[values.count === 1 ? "one" : "other"];
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}
