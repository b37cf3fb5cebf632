// ---- A page that goes on: what the server tells, while runs do ----

const live = { runs: null, gates: null, source: null, timer: null };

function connect() {
  live.source?.close();
  const source = new EventSource(view.run === null ? "events" : `events?run=${view.run}`);
  live.source = source;
  source.addEventListener("state", (event) => takeState(JSON.parse(event.data)));
  source.addEventListener("run", (event) => takeRun(JSON.parse(event.data)));
  source.addEventListener("news", (event) => takeNews(JSON.parse(event.data)));
  source.addEventListener("gone", () => {
    view.run = null;
    connect();
  });
  source.addEventListener("open", () => showConnection(true));
  source.addEventListener("error", () => showConnection(false));
}

function showConnection(isOpen) {
  $("live").hidden = false;
  $("live").replaceChildren(element("i", { className: `swatch ${isOpen ? "succeeded" : "failed"}` }), isOpen ? "live" : "no connection");
}

/** The list of runs, and how breakers and bulkheads are. */
function takeState({ runs, gates, lost }) {
  live.runs = runs.map(([number, key, start, time, state, executions, failed]) => ({ number, key, start, end: start + time, state, executions, failed }));
  live.gates = gates;
  given.lost = lost;
  showRunChoice();
  showLost();
  showSummary();
  if (!$("runs").hidden) showRuns();
}

/** A run from its beginning: the one that was asked for, or the latest. */
function takeRun({ steps, graphs, run }) {
  given.steps = steps;
  given.graphs = graphs;
  clearModel();
  const added = addRun(run);
  given.totals = run.totals;
  view.run = added.number;
  view.selected = -1;
  view.fits = true;
  showRunChoice();
  refresh();
}

/** What has changed in it. */
function takeNews({ steps, texts, spans, marks, end, state, critical, totals }) {
  const run = model.runs[0];
  if (!run) return;
  model.steps.push(...steps);
  addTexts(texts);
  for (const [i, step, parent, attempt, round, item, pending, start, ended, now, text] of spans) {
    const since = (time) => run.start + time;
    setSpan(run, i, {
      step, parent, attempt, round, item, pending: since(pending), start: since(start), end: since(ended), state: now, text: text - 1,
    });
  }
  for (const [i, ...mark] of marks) setMark(run, i, mark);
  run.end = run.start + end;
  run.state = state;
  if (critical) setCritical(run, critical);
  if (totals) given.totals = totals;
  // What is long to draw is drawn less often.
  live.timer ??= setTimeout(() => {
    live.timer = null;
    refresh();
  }, model.count / 40);
}
