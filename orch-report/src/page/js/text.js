// ---- Words and numbers ----

/** Three digits and a unit: `350ms`, `1.02s`. */
function timeText(nanoseconds) {
  const sign = nanoseconds < 0 ? "\u2212" : "";
  const time = Math.abs(nanoseconds);
  if (time >= 60e9) {
    const seconds = Math.round(time / 1e9);
    const two = (number) => String(number).padStart(2, "0");
    return seconds >= 3600 ? `${sign}${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m` : `${sign}${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  }
  const [unit, name] = time >= 1e9 || time === 0 ? [1e9, "s"] : time >= 1e6 ? [1e6, "ms"] : time >= 1e3 ? [1e3, "\u00b5s"] : [1, "ns"];
  return `${sign}${Number((time / unit).toPrecision(3))}${name}`;
}

const count = (number) => number.toLocaleString("en");

/** A count and its noun: `1 run`, `2 runs`. */
const several = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

const stepName = (step) => (step.repetition ? `${step.name} (${step.repetition + 1})` : step.name);

/** What tells an execution from others of its step. */
function whichText(span) {
  const parts = [];
  if (model.item[span] >= 0) parts.push(`[${model.item[span]}]`);
  if (model.attempt[span] > 1) parts.push(`attempt ${model.attempt[span]}`);
  if (model.round[span] > 1) parts.push(`round ${model.round[span]}`);
  return parts.join(" ");
}

const runName = (run) => (run.key == null ? `run ${run.number}` : `run ${run.number}: ${run.key}`);

const said = (span) => model.texts[model.text[span]] ?? "";

const GLYPHS = ["\u2026", "\u25b6", "\u2713", "\u2013", "\u2717", "\u2298"];

/** An element. Whatever is put into it is text, or another element. */
function element(name, properties = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside);
  return made;
}

const $ = (id) => document.getElementById(id);
