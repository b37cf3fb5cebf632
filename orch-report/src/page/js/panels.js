// ---- What stands around the timeline: totals, tables, the selected execution ----

/** More breakers and bulkheads stand in their table alone. */
const MOST_GATES = 6;

function showSummary() {
  const [from, to] = domain();
  const tasks = [0, 0, 0, 0, 0, 0];
  let [retries, shown] = [0, 0];
  for (let span = 0; span < model.count; span++) {
    if (view.run !== null && model.runs[model.run[span]].number !== view.run) continue;
    shown++;
    if (isBlock(span)) continue;
    tasks[model.state[span]]++;
    if (model.attempt[span] > 1) retries++;
  }
  const card = (value, label, state) =>
    element("div", { className: "card" }, element("b", {}, ...(state ? [element("i", { className: `swatch ${state}` })] : []), value), element("span", {}, label));
  const cards = !model.runs.length ? [card("No run", "has begun yet")] : [card(timeText(to - from), view.run === null && model.runs.length > 1 ? several(model.runs.length, "run") : "from start to end")];
  cards.push(card(count(shown), shown === 1 ? "execution" : "executions"));
  const running = tasks[PENDING] + tasks[RUNNING];
  if (running) cards.push(card(count(running), "tasks under way", "running"));
  cards.push(card(count(tasks[SUCCEEDED] + tasks[SKIPPED]), "tasks succeeded", "succeeded"));
  cards.push(card(count(tasks[FAILED]), "tasks failed", "failed"));
  cards.push(card(count(tasks[CANCELLED]), "tasks cancelled", "cancelled"));
  cards.push(card(count(retries), "further attempts", "backoff"));
  for (const gate of (live.gates ?? []).slice(0, MOST_GATES)) cards.push(card(gate.name, `${gate.kind}: ${gate.words}`, gate.state));
  for (const [step, circuit] of circuits(view.run)) {
    const { path } = model.steps[step];
    const words = `circuit ${circuit.state}${circuit.rejected ? `, ${count(circuit.rejected)} turned away` : ""}`;
    const made = element("button", { className: "card wide circuit", type: "button", title: path },
      element("b", {}, element("i", { className: `swatch ${circuit.state}` }), shortened(path)), element("span", {}, words));
    made.addEventListener("click", () => search(path));
    cards.push(made);
  }
  $("summary").replaceChildren(...cards);
}

/** The beginning and the end of a path, which tell it from others. */
function shortened(path) {
  const names = path.split("/");
  return names.length > 4 ? [...names.slice(0, 2), "\u2026", ...names.slice(-1)].join("/") : path;
}

function showStatus() {
  const some = rows.matches === rows.all ? several(rows.all, "execution") : `${count(rows.matches)} of ${several(rows.all, "execution")}`;
  $("status").textContent = some;
}

function showLost() {
  const { lost } = given;
  const parts = [];
  if (lost?.runs) parts.push(`${several(lost.runs, "run")} forgotten`);
  if (lost?.executions) parts.push(`${several(lost.executions, "execution")} not kept`);
  if (lost?.marks) parts.push(`${several(lost.marks, "note")} not kept`);
  if (lost?.texts) parts.push(`${several(lost.texts, "text")} left out`);
  $("lost").textContent = `There was not room for all: ${parts.join(", ")}.`;
  $("lost").hidden = !parts.length;
}

/** What a column is called, which number of a step it has, whether that is a time, and whether it is there even if all is zero. */
const COLUMNS = [
  ["Step", 0, false, true], ["Executions", 1, false, true], ["Succeeded", 2, false, true], ["Failed", 3, false, true], ["Cancelled", 4], ["Under way", 5],
  ["Repeats", 6], ["Waited", 7, true], ["p50", 9, true, true], ["p90", 10, true, true], ["p99", 11, true, true], ["Longest", 12, true, true],
  ["Sum", 8, true, true],
];
let sortedBy = [0, 1];

function showSteps() {
  const run = model.runs.find((run) => run.number === view.run);
  const own = run?.totals?.length ? run.totals : null;
  const totals = [...(own ?? given.totals)];
  const [column, sign] = sortedBy;
  totals.sort((a, b) => sign * (a[column] - b[column]));
  const columns = COLUMNS.filter(([, index, , isAlways]) => isAlways || totals.some((numbers) => numbers[index]));
  const head = columns.map(([name, index]) => {
    const button = element("button", { type: "button" }, name + (column === index ? (sign > 0 ? " \u2191" : " \u2193") : ""));
    button.addEventListener("click", () => {
      sortedBy = [index, column === index ? -sign : index ? -1 : 1];
      showSteps();
    });
    return element("th", { scope: "col", "aria-sort": column === index ? (sign > 0 ? "ascending" : "descending") : "none" }, button);
  });
  const body = totals.map((numbers) =>
    element("tr", {}, ...columns.map(([, index, isTime]) => {
      if (index === 0) {
        const step = model.steps[numbers[0]];
        const button = element("button", { type: "button", title: `${step.kind} at ${step.place}` }, step.path + (step.repetition ? ` (${step.repetition + 1})` : ""));
        button.addEventListener("click", () => search(step.path));
        return element("td", {}, button);
      }
      const value = numbers[index];
      return element("td", { className: index === 3 && value ? "bad" : "" }, isTime ? (value || index > 7 ? timeText(value) : "") : value ? count(value) : "");
    })));
  const of = own || model.runs.length === 1 ? (run ? ` of ${runName(run)}` : "") : view.run === null ? "" : ". They are of all runs, as there are many";
  $("steps").replaceChildren(
    element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body)),
    element("p", { className: "key" }, `Times are from start to end of the executions${of}; each attempt and item is one. A percentile is the least time that so many were not above.`));
}

const MOST_RUNS = 1000;

/** Runs that a live page was told of, or those that are here. */
function showRuns() {
  const runs = live.runs ?? model.runs.map((run) => ({ number: run.number, key: run.key, start: run.start, end: run.end, state: run.state, executions: run.count, failed: run.failed }));
  const head = ["Run", "State", "Began (UTC)", "Time", "Executions", "Failed"].map((name) => element("th", { scope: "col", className: name === "State" ? "left" : "" }, name));
  const body = runs.slice(-MOST_RUNS).reverse().map((run) => {
    const button = element("button", { type: "button" }, runName(run));
    button.addEventListener("click", () => {
      chooseRun(run.number);
      openTab("timeline");
    });
    const began = given.began ? new Date(given.began + run.start / 1e6).toISOString().slice(11, 23) : timeText(run.start);
    return element("tr", { "aria-selected": String(run.number === view.run) },
      element("td", {}, button), element("td", { className: "left" }, element("i", { className: `swatch ${STATES[run.state]}` }), STATES[run.state]),
      element("td", {}, began), element("td", {}, timeText(run.end - run.start)), element("td", {}, count(run.executions)),
      element("td", { className: run.failed ? "bad" : "" }, run.failed ? count(run.failed) : ""));
  });
  const table = element("table", { id: "run-list" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  const parts = [table];
  if (runs.length > MOST_RUNS) parts.push(element("p", { className: "key" }, `The latest ${count(MOST_RUNS)} of ${several(runs.length, "run")}.`));
  if (live.gates?.length) parts.unshift(gates(live.gates));
  $("runs").replaceChildren(...parts);
}

/** Breakers and bulkheads as they are now. */
function gates(all) {
  const body = all.map(({ name, kind, state, words }) =>
    element("tr", {}, element("td", {}, name), element("td", { className: "left" }, kind),
      element("td", { className: "left" }, element("i", { className: `swatch ${state}` }), words)));
  return element("table", { id: "gates" },
    element("thead", {}, element("tr", {}, ...["Name", "What", "State"].map((name, i) => element("th", { scope: "col", className: i ? "left" : "" }, name)))),
    element("tbody", {}, ...body));
}

/** All that is known of an execution, as names and texts. */
function facts(span) {
  const step = model.steps[model.step[span]];
  const run = model.runs[model.run[span]];
  const state = model.state[span];
  const facts = [["step", `${step.kind} at ${step.place}`], ["run", runName(run)]];
  if (whichText(span)) facts.push(["which", whichText(span)]);
  facts.push(["state", STATES[state]]);
  if (model.start[span] > model.pending[span]) facts.push(["waited", `${timeText(model.start[span] - model.pending[span])} behind a limit`]);
  const ran = state === PENDING ? "" : `${timeText(endOf(span) - model.start[span])}, from ${timeText(model.start[span] - run.start)} after the run's start`;
  if (ran) facts.push([state === RUNNING ? "runs for" : "ran", ran]);
  if (model.critical.has(span)) facts.push(["critical", "the end of the run waited for it"]);
  if (said(span)) facts.push([state === FAILED ? "reason" : "output", said(span)]);
  for (const mark of marksOf(span)) {
    const time = mark.until > mark.at ? ` (${timeText(mark.until - mark.at)})` : "";
    facts.push([`at ${timeText(mark.at - model.start[span])}`, mark.text + time]);
  }
  return facts;
}

function showDetails() {
  const span = view.selected;
  const details = $("details");
  details.hidden = span < 0;
  if (span < 0) return;
  const close = element("button", { className: "close", type: "button", title: "Close (Escape)" }, "\u2715");
  close.addEventListener("click", () => select(-1));
  const list = element("dl", {}, ...facts(span).flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
  details.replaceChildren(close, element("h2", {}, model.steps[model.step[span]].path), list);
}

function showTip(span, x, y) {
  const tip = $("tip");
  tip.hidden = span < 0;
  if (span < 0) return;
  const lines = [model.steps[model.step[span]].path, ...facts(span).slice(2).map(([name, text]) => `${name}: ${text.length > 200 ? `${text.slice(0, 200)}\u2026` : text}`)];
  tip.textContent = lines.slice(0, 12).join("\n");
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${y + 18 + height > innerHeight ? Math.max(4, y - height - 10) : y + 18}px`;
}

const KEYS = [
  ["/", "search"], ["n", "the next that is found"], ["f", "the next failure"], ["\u2191 \u2193", "the execution above, below"], ["Enter", "zoom to the selected execution"],
  ["+ \u2212", "zoom in and out; also Ctrl and the wheel"], ["\u2190 \u2192", "earlier, later"], ["0", "all of the time"], ["c", "the critical path alone"],
  ["m", "rows for executions or for steps"], ["1 2 3 4", "timeline, steps, graph, runs"], ["t", "light or dark"], ["Escape", "unselect; clear the search"],
];
const JOURNAL_KEYS = [
  ["/", "search"], ["\u2191 \u2193", "the run above, below"], ["\u2190 \u2192", "newer runs, older runs"], ["r", "look again"], ["5", "the journal, from another view"],
  ["t", "light or dark"], ["Escape", "close the run; clear the search"],
];

function showHelp() {
  const help = $("help");
  const close = element("button", { type: "button" }, "Close");
  close.addEventListener("click", () => help.close());
  help.replaceChildren(element("dl", {}, ...($("journal").hidden ? KEYS : JOURNAL_KEYS).flatMap(([key, text]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, text)])), element("p", {}, close));
  help.showModal();
}
