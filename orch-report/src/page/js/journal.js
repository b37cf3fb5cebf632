// ---- Durable runs in the files of journals: read when they are looked at, a page at a time ----

/** As many runs and steps as the server gives at once. */
const JOURNAL_PAGE = 50;
const JOURNAL_STEPS = 100;
/** A look takes so long at most before it is made again by itself; a search through very many runs is not. */
const JOURNAL_PAUSE = 2000;

const JOURNAL_STATES = ["running", "interrupted", "succeeded", "failed", "cancelled"];

const journal = {
  file: 0, state: "", text: "",
  /** The runs before which each page is, from the first that was shown to the one that is. */
  pages: [null],
  /** What the one that is shown has, and where the next begins. */
  runs: null, next: null, isLong: false, isLooking: false,
  /** The number of the run that is looked at, and where its steps begin. */
  run: null, first: 0, found: null,
  timer: null, look: null, runLook: null,
};

/** What the server has; a look that is not wanted any more ends. */
async function askJournal(path, parameters, signal) {
  const query = new URLSearchParams({ journal: journal.file });
  for (const [name, value] of Object.entries(parameters)) if (value !== null && value !== "") query.set(name, value);
  const answer = await fetch(`journal/${path}?${query}`, { signal }).catch(() => {
    throw Object.assign(new Error("The server does not answer."), { status: 0 });
  });
  const data = await answer.json().catch(() => ({ error: `the server answers ${answer.status}` }));
  if (data.error) throw Object.assign(new Error(data.error), { status: answer.status });
  return data;
}

/** Looks, now and again and again, for as long as somebody sees it. */
async function lookAtJournal() {
  clearTimeout(journal.timer);
  journal.look?.abort();
  const look = new AbortController();
  journal.look = look;
  if (await tellTrouble(look, () => lookAtRuns(look.signal))) await lookAtRun();
  if (journal.look !== look || journal.isLong || $("journal").hidden || document.hidden) return;
  journal.timer = setTimeout(lookAtJournal, JOURNAL_PAUSE);
}

/** Looks at the chosen run alone; a search that goes on meanwhile goes on. */
async function lookAtRun() {
  journal.runLook?.abort();
  if (journal.run === null) return;
  const look = new AbortController();
  journal.runLook = look;
  await tellTrouble(look, async () => {
    const { run, first } = journal;
    let found;
    try {
      found = await askJournal("run", { number: run, first }, look.signal);
    } catch (error) {
      if (error.status !== 404) throw error;
      found = { number: run, error: error.message };
    }
    const isNew = JSON.stringify(found) !== JSON.stringify(journal.found);
    journal.found = found;
    if (isNew) showJournalRun();
  });
}

/** Says why a look has failed, unless nobody wants it any more. Whether it came to its end. */
async function tellTrouble(look, doLook) {
  let trouble = "";
  let isThere = true;
  try {
    await doLook();
  } catch (error) {
    if (error.status === undefined && !look.signal.aborted) throw error;
    isThere = error.status !== 0;
    trouble = isThere ? `${given.journals[journal.file]}: ${error.message}` : error.message;
  }
  if (look.signal.aborted) return false;
  if (!given.record) showConnection(isThere);
  $("journal-trouble").textContent = trouble;
  $("journal-trouble").hidden = !trouble;
  return !trouble;
}

async function lookAtRuns(signal) {
  const { state, text } = journal;
  const runs = [];
  let next = journal.pages.at(-1);
  let looks = 0;
  do {
    const found = await askJournal("runs", { status: state, text, before: next, limit: JOURNAL_PAGE - runs.length }, signal);
    runs.push(...found.runs);
    next = found.next;
    looks++;
    if (next === null || runs.length === JOURNAL_PAGE) break;
    // It takes a while: what there is so far is shown.
    Object.assign(journal, { runs: [...runs], next: null, isLooking: true });
    showJournalRuns();
    $("journal-status").textContent = `${several(runs.length, "run")} found; looks on, back from number ${count(next)}\u2026`;
  } while (true);
  journal.isLooking = false;
  journal.isLong = looks > 1;
  const isNew = looks > 1 || JSON.stringify([runs, next]) !== JSON.stringify([journal.runs, journal.next]);
  [journal.runs, journal.next] = [runs, next];
  // What has not changed is left as it is, with what is marked in it.
  if (isNew) showJournalRuns();
  else showTimes();
  showJournalStatus();
}

function showJournalStatus() {
  const { next, pages, text, state, isLong } = journal;
  const runs = journal.runs ?? [];
  const some = runs.length ? several(runs.length, "run") : "No run";
  const which = text || state ? " found" : "";
  const where = pages.length > 1 ? `, page ${count(pages.length)}` : runs.length ? ", the newest first" : "";
  $("journal-status").textContent = some + which + where + (isLong ? "; a long search, which is not made again by itself" : "");
  $("journal-newest").disabled = $("journal-newer").disabled = pages.length === 1;
  $("journal-older").disabled = next === null;
}

const stateOf = (run) => element("span", {}, element("i", { className: `swatch ${run.status}` }), run.status);

const dayOf = (time) => new Date(time).toISOString().slice(0, 19).replace("T", " ");

/** A time that was written down in whole milliseconds. */
const millisText = (milliseconds) => (milliseconds > 0 ? timeText(milliseconds * 1e6) : "< 1ms");

/** How long a run has taken; of one that goes on, until now. */
function tookOf(run) {
  if (run.ended !== null) return millisText(run.ended - run.started);
  return run.status === "running" ? millisText(Date.now() - run.started) : "";
}

/** What is said of a run in one line: why it stopped or failed, or what it gave. */
function saidOf(run) {
  if (run.fault !== null) return [run.fault, true];
  return [run.result ?? "", run.status === "failed"];
}

function showJournalRuns() {
  const columns = [["Run", "28%"], ["Pipeline", "14%", "wide"], ["State", "118"], ["Began (UTC)", "178"], ["Took", "76", "number"], ["Steps", "68", "number wide"], ["Result", "", "wide"]];
  const head = columns.map(([name, , kind]) => element("th", { scope: "col", className: kind ?? "" }, name));
  const widths = columns.map(([, width, kind]) => element("col", { className: kind ?? "", width }));
  const body = journal.runs.map((run) => {
    const button = element("button", { type: "button", title: run.key }, run.key || "(empty)");
    const [said, isBad] = saidOf(run);
    const row = element("tr", { "aria-selected": String(run.number === journal.run) },
      element("td", {}, button), element("td", { className: "wide", title: run.pipeline }, run.pipeline), element("td", {}, stateOf(run)),
      element("td", {}, dayOf(run.started)), element("td", { className: "number took" }, tookOf(run)), element("td", { className: "number wide" }, count(run.done)),
      element("td", { className: `said wide${isBad ? " bad" : ""}`, title: said }, said));
    row.dataset.number = run.number;
    row.addEventListener("click", () => chooseJournalRun(run.number));
    return row;
  });
  const focused = document.activeElement?.closest("#journal-list tr")?.dataset.number;
  const none = journal.isLooking ? "Looking\u2026" : journal.text || journal.state ? "No run is as you look for." : "There is no run in the file yet.";
  if (!body.length) body.push(element("tr", {}, element("td", { className: "none", colSpan: columns.length }, none)));
  $("journal-list").replaceChildren(element("colgroup", {}, ...widths), element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
  if (focused) document.querySelector(`#journal-list tr[data-number="${focused}"] button`)?.focus({ preventScroll: true });
}

/** The times of runs that go on. */
function showTimes() {
  const rows = document.querySelectorAll("#journal-list .took");
  journal.runs.forEach((run, i) => {
    if (run.status === "running" && rows[i]) rows[i].textContent = tookOf(run);
  });
}

/** What a step asked for, without the sum of its arguments, which says nothing to a reader. */
function askedOf(step) {
  const [, verb, what] = step.asked.match(/^(run|wait|ask) (.*?)(?: of [0-9a-f]{16})?$/s) ?? [null, "", step.asked];
  return [element("span", { className: "dim" }, verb ? `${verb} ` : ""), what];
}

/** What came of a step: the sign of its state, and a text. */
function outcomeOf(step, run) {
  const { outcome } = step;
  if (step.given_up && outcome === null) return [CANCELLED, "given up"];
  if (outcome === null) return run.status === "running" ? [RUNNING, "under way"] : run.ended === null ? [PENDING, "not ended"] : [CANCELLED, "not ended"];
  const [, kind, text] = outcome.match(/^(ok|err|kind|pass):(.*)$/s) ?? [null, "", outcome];
  return [kind === "err" || kind === "kind" ? FAILED : SUCCEEDED, text || (kind === "pass" ? "may pass" : kind ? "" : "over")];
}

function journalStep(step, i, run) {
  const [state, text] = outcomeOf(step, run);
  return element("tr", {},
    element("td", { className: "number dim" }, count(journal.first + i + 1)),
    element("td", { className: "text", title: step.asked }, ...askedOf(step)),
    element("td", { className: "number" }, timeText(step.at * 1e6)),
    element("td", { className: "number" }, step.ended === null ? "" : millisText(step.ended - step.at)),
    element("td", {}, element("span", { className: `glyph s${state}`, title: STATES[state] }, GLYPHS[state])),
    element("td", { className: `text${step.outcome === null ? " dim" : ""}` }, element("div", {}, text)));
}

function stepsOf(run) {
  if (run.unreadable !== null) return [element("p", { className: "warning" }, run.unreadable)];
  if (!run.steps.length && !journal.first) return [element("p", { className: "none" }, "None yet.")];
  const columns = [["#", "38", "number"], ["Command", "36%", ""], ["At", "64", "number"], ["Took", "66", "number"], ["", "32", ""], ["Outcome", "", ""]];
  const head = columns.map(([name, , kind]) => element("th", { scope: "col", className: kind }, name));
  const widths = columns.map(([, width]) => element("col", { width }));
  const table = element("table", { id: "journal-steps" }, element("colgroup", {}, ...widths), element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...run.steps.map((step, i) => journalStep(step, i, run))));
  if (!journal.first && !run.has_more) return [table];
  const turn = (name, first, isThere) => {
    const button = element("button", { type: "button", disabled: !isThere }, name);
    button.addEventListener("click", () => {
      journal.first = first;
      lookAtRun();
    });
    return button;
  };
  return [table, element("p", { className: "pages" }, turn("First", 0, journal.first > 0), turn("Previous", Math.max(0, journal.first - JOURNAL_STEPS), journal.first > 0),
    turn("Next", journal.first + JOURNAL_STEPS, run.has_more), `${count(journal.first + 1)} to ${count(journal.first + run.steps.length)}`)];
}

function showJournalRun() {
  const { found } = journal;
  const panel = $("journal-run");
  panel.hidden = journal.run === null;
  $("journal-parts").classList.toggle("split", journal.run !== null);
  if (journal.run === null) {
    panel.replaceChildren();
    return;
  }
  const close = element("button", { className: "close", type: "button", title: "Close (Escape)" }, "\u2715");
  close.addEventListener("click", () => chooseJournalRun(null));
  if (!found) {
    // What the list says of it, until the rest is here.
    const listed = journal.runs?.find((run) => run.number === journal.run);
    panel.replaceChildren(close, element("h2", {}, listed?.key || `run ${journal.run}`));
    return;
  }
  if (found.error) {
    panel.replaceChildren(close, element("h2", {}, `run ${found.number}`), element("p", { className: "warning" }, found.error));
    return;
  }
  const facts = [["state", stateOf(found)], ["pipeline", found.pipeline], ["began", `${dayOf(found.started)} UTC`]];
  if (found.ended !== null) facts.push(["ended", `${dayOf(found.ended)} UTC, after ${tookOf(found)}`]);
  facts.push([found.status === "running" ? "runs in" : "ran last in", found.owner], ["steps ended", count(found.done)], ["number", String(found.number)]);
  const parts = [close, element("h2", {}, found.key || "(empty)"), element("dl", {}, ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]))];
  const text = (name, value, kind) => parts.push(element("h3", {}, name), element("pre", { className: kind ?? "", tabIndex: 0 }, value));
  if (found.fault !== null) text("Why it stopped", found.fault, "bad");
  if (found.result !== null) text(found.status === "failed" ? "Error" : "Output", found.result, found.status === "failed" ? "bad" : "");
  text("Input", found.input);
  parts.push(element("h3", {}, "Steps"), ...stepsOf(found));
  const { scrollTop } = panel;
  panel.replaceChildren(...parts);
  panel.scrollTop = scrollTop;
}

function chooseJournalRun(number) {
  Object.assign(journal, { run: number, first: 0, found: null });
  for (const row of document.querySelectorAll("#journal-list tbody tr")) row.setAttribute("aria-selected", String(Number(row.dataset.number) === number));
  showJournalRun();
  showPlace();
  lookAtRun();
}

/** The run above or below the one that is looked at. */
function nextJournalRun(by) {
  const numbers = journal.runs?.map((run) => run.number) ?? [];
  const at = numbers.indexOf(journal.run);
  const number = numbers[at < 0 ? 0 : at + by];
  if (number === undefined) return;
  chooseJournalRun(number);
  const row = document.querySelector(`#journal-list tr[data-number="${number}"]`);
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("button").focus({ preventScroll: true });
}

/** Runs of a file, a state and a text, from the newest. */
function narrowJournal(change) {
  Object.assign(journal, change, { pages: [null] });
  for (const button of document.querySelectorAll("#journal-states button")) button.setAttribute("aria-pressed", String(button.dataset.state === journal.state));
  $("journal-runs").scrollTop = 0;
  lookAtJournal();
}

function searchJournal(text) {
  $("journal-search").value = text;
  narrowJournal({ text });
}

function turnJournal(pages) {
  // Where the next begins is not known before this one is here.
  Object.assign(journal, { pages, next: null });
  showJournalStatus();
  $("journal-runs").scrollTop = 0;
  lookAtJournal();
}

/** The address of the page says what is looked at, so that it can be kept and loaded again. */
function showPlace() {
  const place = $("journal").hidden ? "" : `#journal/${journal.file}${journal.run === null ? "" : `/${journal.run}`}`;
  if (location.hash !== place) history.replaceState(null, "", place || location.pathname);
}

const JOURNAL_ACTIONS = {
  "/": () => $("journal-search").focus(), r: lookAtJournal, ArrowDown: () => nextJournalRun(1), ArrowUp: () => nextJournalRun(-1), j: () => nextJournalRun(1), k: () => nextJournalRun(-1),
  ArrowLeft: () => $("journal-newer").click(), ArrowRight: () => $("journal-older").click(),
  Escape: () => (journal.run !== null ? chooseJournalRun(null) : journal.text && searchJournal("")),
};

function listenToJournal() {
  for (const state of ["", ...JOURNAL_STATES]) {
    const button = element("button", { type: "button" }, ...(state ? [element("i", { className: `swatch ${state}` }), state] : ["all"]));
    button.dataset.state = state;
    button.setAttribute("aria-pressed", String(state === ""));
    button.addEventListener("click", () => narrowJournal({ state }));
    $("journal-states").append(button);
  }
  let typed = 0;
  $("journal-search").addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => narrowJournal({ text: $("journal-search").value.trim() }), 200);
  });
  $("journal-file").addEventListener("change", () => {
    Object.assign(journal, { run: null, found: null });
    showJournalRun();
    narrowJournal({ file: Number($("journal-file").value) });
    showPlace();
  });
  $("journal-refresh").addEventListener("click", lookAtJournal);
  $("journal-newest").addEventListener("click", () => turnJournal([null]));
  $("journal-newer").addEventListener("click", () => turnJournal(journal.pages.slice(0, -1)));
  $("journal-older").addEventListener("click", () => turnJournal([...journal.pages, journal.next]));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !$("journal").hidden) lookAtJournal();
  });
}

/** What the page has of journals; without a record it is all that it has. */
function showJournals() {
  const { journals } = given;
  $("tab-journal").hidden = !journals.length;
  $("journal-choice").hidden = journals.length < 2;
  $("journal-file").replaceChildren(...journals.map((name, i) => new Option(name, i)));
  if (!given.record) for (const id of ["tab-timeline", "tab-steps", "tab-graph", "tab-runs"]) $(id).hidden = true;
  const [, file, run] = location.hash.match(/^#journal\/(\d+)(?:\/(\d+))?$/) ?? [];
  const isThere = Number(file) < journals.length;
  if (isThere) {
    Object.assign(journal, { file: Number(file), run: run === undefined ? null : Number(run) });
    $("journal-file").value = file;
  }
  if (journals.length && (isThere || !given.record)) openTab("journal");
}
