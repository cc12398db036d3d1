// Usage: node read_with_icaljs.mjs FILE; prints its events and tasks as JSON.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[2], "utf8")));
const text = (component, name) => component.getFirstPropertyValue(name)?.toString() ?? null;
const seen = calendar.getAllSubcomponents().map((component) => ({
  kind: component.name,
  title: text(component, "summary"),
  description: text(component, "description"),
  start: text(component, "dtstart"),
  end: text(component, "dtend"),
  due: text(component, "due"),
  status: text(component, "status"),
}));
process.stdout.write(JSON.stringify(seen));
