// Who looks: the server shows days and times as this browser would, once these cookies say how.

const YEAR = 365 * 86400; // seconds

/** Tell the server. @returns {boolean} whether it has to show the page anew */
export function introduce() {
  const { timeZone, hourCycle } = new Intl.DateTimeFormat([], { hour: "numeric" }).resolvedOptions();
  const locale = /** @type {any} */ (new Intl.Locale(navigator.language));
  const week = (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
  const told = [
    tell("zone", timeZone),
    tell("week", week),
    tell("clock", hourCycle === "h12" || hourCycle === "h11" ? "12" : "24"),
  ];
  return told.includes(true);
}

/** @param {string} name @param {string | number} value @returns {boolean} whether that is news */
function tell(name, value) {
  const cookie = `${name}=${value}`;
  const known = () => document.cookie.split("; ").includes(cookie);
  if (known()) return false;
  document.cookie = `${cookie}; Path=/; Max-Age=${YEAR}; SameSite=Lax`;
  return known(); // a browser without cookies stays with UTC
}
