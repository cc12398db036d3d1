// Usage: node ical_js.mjs TODOS.json [SECONDS]
// Writes the todos as a calendar with ical.js: prints it, or, with SECONDS, does it again for at
// least so long and prints what one time took, as JSON: seconds of the processor, bytes of memory.
import { readFileSync } from "node:fs";
import ICAL from "../clients/node_modules/ical.js/dist/ical.js";

const LENGTH = 30 * 60 * 1000;
const [file, atLeast] = process.argv.slice(2);
const { instance, prodid, todos } = JSON.parse(readFileSync(file, "utf8"));
for (const todo of todos) {
  for (const name of ["deadline_at", "created_at", "updated_at"]) todo[name] = new Date(todo[name]);
}

const utc = (date) => ICAL.Time.fromJSDate(date, true);

function write() {
  const calendar = new ICAL.Component("vcalendar");
  calendar.addPropertyWithValue("prodid", prodid);
  calendar.addPropertyWithValue("version", "2.0");
  calendar.addPropertyWithValue("calscale", "GREGORIAN");
  for (const todo of todos) {
    const event = new ICAL.Component("vevent");
    event.addPropertyWithValue("uid", `todo-${todo.id}@${instance}`);
    event.addPropertyWithValue("dtstamp", utc(todo.updated_at));
    event.addPropertyWithValue("dtstart", utc(todo.deadline_at));
    event.addPropertyWithValue("dtend", utc(new Date(todo.deadline_at.getTime() + LENGTH)));
    event.addPropertyWithValue("summary", todo.title);
    if (todo.description) event.addPropertyWithValue("description", todo.description);
    event.addPropertyWithValue("transp", "TRANSPARENT");
    event.addPropertyWithValue("sequence", todo.sequence);
    event.addPropertyWithValue("created", utc(todo.created_at));
    event.addPropertyWithValue("last-modified", utc(todo.updated_at));
    calendar.addSubcomponent(event);
  }
  return calendar.toString() + "\r\n";
}

if (atLeast === undefined) {
  process.stdout.write(write());
} else {
  const before = process.resourceUsage().maxRSS;
  let [times, seconds] = [0, 0];
  const start = process.cpuUsage();
  while (seconds < Number(atLeast)) {
    write();
    times += 1;
    const { user, system } = process.cpuUsage(start);
    seconds = (user + system) / 1e6;
  }
  const memory = (process.resourceUsage().maxRSS - before) * 1024;
  process.stdout.write(JSON.stringify({ seconds: seconds / times, memory }));
}
