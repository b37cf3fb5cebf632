// ---- What the reader does ----

function refresh() {
  makeRows();
  rows.stamp = (rows.stamp ?? 0) + 1;
  if (view.fits) fit();
  showSummary();
  showStatus();
  showDetails();
  for (const [tab, draw] of [["steps", showSteps], ["graph", showGraphs], ["runs", showRuns]]) if (!$(tab).hidden) draw();
  ask();
}

const TABS = ["timeline", "steps", "graph", "runs", "journal"];

function openTab(name) {
  for (const tab of TABS) {
    $(tab).hidden = tab !== name;
    $(`tab-${tab}`).setAttribute("aria-selected", tab === name);
    $(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
  }
  $("tip").hidden = true;
  // These are about the record.
  for (const id of ["summary", "run-choice"]) $(id).hidden = name === "journal";
  showPlace();
  ({ steps: showSteps, graph: showGraphs, runs: showRuns, timeline: ask, journal: lookAtJournal })[name]();
}

function search(query) {
  view.query = query;
  $("search").value = query;
  openTab("timeline");
  refresh();
}

function select(span) {
  view.selected = span;
  showDetails();
  if (span >= 0) reveal(span);
  ask();
}

/** Scrolls to an execution, if it is not in sight. */
function reveal(span) {
  const scroll = $("scroll");
  const row = rows.mode === "tree" ? rows.order.indexOf(span) * ROW : (rows.steps.find((row) => row.step === model.step[span])?.top ?? 0);
  // Details may have opened, which leaves less room.
  const tall = scroll.clientHeight - AXIS - 2 * ROW;
  if (row < scroll.scrollTop) scroll.scrollTop = row;
  else if (row > scroll.scrollTop + tall) scroll.scrollTop = row - tall;
  if (endOf(span) < view.from || model.pending[span] > view.to) {
    const half = (view.to - view.from) / 2;
    show(model.start[span] - half, model.start[span] + half);
  }
}

/** The next one in the tree that is as wanted, after the selected one. */
function next(isWanted, step = 1) {
  if (rows.mode !== "tree") setMode("tree");
  const { order } = rows;
  const at = order.indexOf(view.selected);
  for (let i = 1; i <= order.length; i++) {
    const from = at < 0 && step < 0 ? 0 : at;
    const span = order[(from + step * i + order.length * 2) % order.length];
    if (isWanted(span)) return select(span);
  }
}

function setMode(mode) {
  view.mode = mode;
  for (const name of ["tree", "steps"]) $(`mode-${name}`).setAttribute("aria-pressed", name === mode);
  $("scroll").scrollTop = 0;
  refresh();
}

function toggleCritical() {
  view.critical = !view.critical;
  $("critical").setAttribute("aria-pressed", view.critical);
  refresh();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  readColours();
  ask();
}

function chooseRun(number) {
  view.run = number;
  view.fits = true;
  view.selected = -1;
  if (given.live) {
    connect();
    return;
  }
  showRunChoice();
  refresh();
}

function showRunChoice() {
  const all = live.runs ?? model.runs;
  const choice = $("run");
  if (document.activeElement === choice) return;
  const options = all.slice(-MOST_RUNS).reverse().map((run) => new Option(runName(run), run.number, false, run.number === view.run));
  if (!given.live) options.unshift(new Option(all.length === 1 ? runName(all[0]) : `all ${count(all.length)}`, "", false, view.run === null));
  if (!given.live && all.length === 1) options.length = 1;
  choice.replaceChildren(...options);
}

function makeOutcomes() {
  for (const [state, name] of STATES.entries()) {
    const button = element("button", { type: "button", title: `Show or hide what is ${name}` }, element("i", { className: `swatch ${name}` }), name);
    button.setAttribute("aria-pressed", "true");
    button.dataset.state = name;
    button.addEventListener("click", () => {
      if (!view.hidden.delete(state)) view.hidden.add(state);
      button.setAttribute("aria-pressed", !view.hidden.has(state));
      refresh();
    });
    $("outcomes").append(button);
  }
  for (const [name, words] of [["pending", "waits behind a limit"], ["backoff", "backoff"], ["critical", "critical path"], ["open", "\u25c6 circuit"]])
    $("legend").append(element("span", {}, element("i", { className: name }), words));
}

/** Keys that every view has. */
const VIEW_ACTIONS = {
  "?": showHelp, t: () => $("theme").click(),
  ...Object.fromEntries(TABS.map((tab, i) => [i + 1, () => $(`tab-${tab}`).hidden || openTab(tab)])),
};

const ACTIONS = {
  ...VIEW_ACTIONS,
  "/": () => $("search").focus(), 0: fit, "+": () => zoom(2), "=": () => zoom(2), "-": () => zoom(0.5),
  ArrowLeft: () => pan(-0.2), ArrowRight: () => pan(0.2), ArrowDown: () => next(() => true), ArrowUp: () => next(() => true, -1),
  j: () => next(() => true), k: () => next(() => true, -1),
  f: () => next((span) => model.state[span] === FAILED), n: () => next((span) => rows.is[span] === MATCHES),
  c: toggleCritical, m: () => setMode(view.mode === "tree" ? "steps" : "tree"),
  Enter: () => {
    const span = view.selected;
    if (span < 0) return;
    const room = Math.max((endOf(span) - model.pending[span]) * 0.1, 50);
    show(model.pending[span] - room, endOf(span) + room);
  },
  Escape: () => (view.selected >= 0 ? select(-1) : view.query && search("")),
};

/** The keys of the view that is open. */
function actions() {
  return $("journal").hidden ? ACTIONS : { ...JOURNAL_ACTIONS, ...VIEW_ACTIONS };
}

function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    const on = event.target instanceof Element ? event.target : document.body;
    const isField = on.matches("input, select");
    if (isField && event.key === "Escape") {
      on.blur();
      if (on.id === "search") search("");
      if (on.id === "journal-search") searchJournal("");
    } else if (isField && event.key === "Enter" && on.id === "search") {
      on.blur();
      ACTIONS.n();
    } else if (!isField && !(event.key === "Enter" && on.matches("button")) && Object.hasOwn(actions(), event.key)) {
      event.preventDefault();
      actions()[event.key]();
    }
  });
  let typed = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      view.query = $("search").value.trim();
      $("scroll").scrollTop = 0;
      refresh();
    }, model.count > 20000 ? 150 : 0);
  });
  for (const tab of TABS) $(`tab-${tab}`).addEventListener("click", () => openTab(tab));
  for (const mode of ["tree", "steps"]) $(`mode-${mode}`).addEventListener("click", () => setMode(mode));
  $("critical").addEventListener("click", toggleCritical);
  $("zoom-in").addEventListener("click", () => zoom(2));
  $("zoom-out").addEventListener("click", () => zoom(0.5));
  $("zoom-fit").addEventListener("click", fit);
  $("help-open").addEventListener("click", showHelp);
  $("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
  $("run").addEventListener("change", () => {
    chooseRun($("run").value === "" ? null : Number($("run").value));
    $("run").blur();
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
  setTheme(dark.matches ? "dark" : "light");
  new ResizeObserver(ask).observe($("scroll"));
  $("scroll").addEventListener("scroll", ask, { passive: true });
  listenToMouse();
  listenToJournal();
}

function listenToMouse() {
  const bars = $("bars");
  const place = (event) => {
    const { left, top } = bars.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  $("scroll").addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return;
    event.preventDefault();
    if (event.ctrlKey) zoom(Math.exp(-event.deltaY / 300), place(event)[0]);
    else pan((event.deltaX || event.deltaY) / barsWide());
  }, { passive: false });
  let held = null;
  bars.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, from: view.from, moved: false };
    bars.setPointerCapture(event.pointerId);
  });
  bars.addEventListener("pointermove", (event) => {
    if (!held) return showTip(spanAt(...place(event)), event.clientX, event.clientY);
    const by = event.clientX - held.x;
    if (Math.abs(by) > 3) held.moved = true;
    if (held.moved) {
      const wide = view.to - view.from;
      const from = held.from - (by / barsWide()) * wide;
      show(from, from + wide);
    }
  });
  bars.addEventListener("pointerup", (event) => {
    if (held && !held.moved) select(spanAt(...place(event)));
    held = null;
  });
  bars.addEventListener("pointercancel", () => (held = null));
  bars.addEventListener("pointerleave", () => showTip(-1));
  bars.addEventListener("dblclick", () => ACTIONS.Enter());
  const overview = $("overview");
  const when = (event) => {
    const { left, width } = overview.getBoundingClientRect();
    const [from, to] = domain();
    return from + ((event.clientX - left) / width) * (to - from);
  };
  let drawn = null;
  overview.addEventListener("pointerdown", (event) => {
    drawn = when(event);
    overview.setPointerCapture(event.pointerId);
  });
  overview.addEventListener("pointermove", (event) => {
    if (drawn === null || Math.abs(when(event) - drawn) * 100 < view.to - view.from) return;
    show(Math.min(drawn, when(event)), Math.max(drawn, when(event)));
  });
  overview.addEventListener("pointerup", () => (drawn = null));
  overview.addEventListener("dblclick", fit);
}

// ---- The beginning ----

clearModel();
if (!given.live) given.runs.forEach(addRun);
// A row for each of very many says little.
if (model.count > 3000) view.mode = "steps";
makeOutcomes();
listen();
showLost();
showRunChoice();
setMode(view.mode);
if (given.live && given.record) connect();
showJournals();
document.documentElement.dataset.ready = "yes";
