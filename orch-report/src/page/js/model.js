// ---- What the page was given: runs and executions, as arrays with a place for each execution ----

const given = JSON.parse(document.getElementById("data").textContent);

/** The states of an execution, by their numbers. */
const STATES = ["pending", "running", "succeeded", "skipped", "failed", "cancelled"];
const [PENDING, RUNNING, SUCCEEDED, SKIPPED, FAILED, CANCELLED] = STATES.keys();

/** Times are nanoseconds since the record began. */
const model = {};

function clearModel() {
  Object.assign(model, {
    steps: given.steps,
    runs: [],
    texts: [],
    marks: [],
    /** The positions of the marks of an execution. */
    marksOf: new Map(),
    critical: new Set(),
    count: 0,
    // Of each execution.
    run: [], step: [], parent: [], attempt: [], round: [], item: [], pending: [], start: [], end: [], state: [], text: [],
  });
}

/** Takes a run, whose numbers are written as differences: see `data.rs`. */
function addRun(data) {
  const run = {
    number: data.number, key: data.key, start: data.start, end: data.start + data.end, state: data.state, lost: data.lost,
    totals: data.totals, first: model.count, count: 0, index: model.runs.length, texts: model.texts.length, failed: 0, marks: model.marks.length,
  };
  model.runs.push(run);
  addTexts(data.texts);
  const { step, parent, attempt, round, item, wait, start, time, state, text } = data.spans;
  let began = run.start;
  for (let i = 0; i < data.count; i++) {
    began += start[i];
    setSpan(run, i, {
      step: step[i], parent: parent[i] ? run.first + i - parent[i] : -1, attempt: attempt?.[i] ?? 1, round: round?.[i] ?? 1,
      item: (item?.[i] ?? 0) - 1, pending: began - (wait?.[i] ?? 0), start: began, end: began + time[i], state: state[i],
      text: text?.[i] ? run.texts + text[i] - 1 : -1,
    });
  }
  data.marks.forEach((mark, i) => setMark(run, i, mark));
  setCritical(run, data.critical);
  return run;
}

function addTexts(texts) {
  for (const text of texts) model.texts.push(text);
}

/** Of an execution that is new or has changed, `i` counting from the first of its run. */
function setSpan(run, i, span) {
  const at = run.first + i;
  if (at >= model.count) {
    model.count = at + 1;
    run.count = i + 1;
  } else if (model.state[at] === FAILED) {
    run.failed--;
  }
  if (span.state === FAILED) run.failed++;
  model.run[at] = run.index;
  for (const name of ["step", "parent", "attempt", "round", "item", "pending", "start", "end", "state", "text"]) model[name][at] = span[name];
}

function setMark(run, i, [span, at, until, about, text, state, open]) {
  const position = run.marks + i;
  const said = (number) => (number ? model.texts[run.texts + number - 1] : "");
  const mark = {
    span: run.first + span, at: run.start + at, until: run.start + until, about: said(about), text: said(text), state: said(state), open: !!open,
  };
  if (position === model.marks.length) {
    model.marks.push(mark);
    const known = model.marksOf.get(mark.span);
    if (known) known.push(position);
    else model.marksOf.set(mark.span, [position]);
  } else {
    model.marks[position] = mark;
  }
}

function setCritical(run, positions) {
  for (const position of positions) model.critical.add(run.first + position);
}

/** The marks of an execution, in the order in which they were told. */
function marksOf(span) {
  return (model.marksOf.get(span) ?? []).map((position) => model.marks[position]);
}

function isBlock(span) {
  const { kind } = model.steps[model.step[span]];
  return kind !== "task" && kind !== "inline";
}

/** The end of an execution; of one that goes on, the last that is known of its run. */
function endOf(span) {
  return model.state[span] <= RUNNING ? Math.max(model.end[span], model.runs[model.run[span]].end) : model.end[span];
}

/** Of each step with a circuit in a run, or in all: its changes in the order of their times, and how many it turned away. */
function circuits(run) {
  const found = new Map();
  for (const mark of model.marks) {
    if (mark.about !== "circuit" || (run !== null && model.runs[model.run[mark.span]].number !== run)) continue;
    const step = model.step[mark.span];
    if (!found.has(step)) found.set(step, { changes: [], rejected: 0, state: "closed" });
    const circuit = found.get(step);
    if (mark.text.startsWith("rejected")) circuit.rejected++;
    else circuit.changes.push(mark);
    circuit.state = mark.state;
  }
  for (const circuit of found.values()) circuit.changes.sort((a, b) => a.at - b.at);
  return found;
}
