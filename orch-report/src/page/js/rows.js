// ---- Which rows there are ----
//
// In the one mode a row for each execution, in the order of the tree. In the other a row for each step, in which its executions
// stand in lanes; or, where too many are under way at once for that, as an area that says how many.

const ROW = 22;
const LANE = 9;
const MOST_LANES = 40;

const view = {
  run: null, mode: "tree", query: "", hidden: new Set(), critical: false, from: 0, to: 1, selected: -1,
  /** Whether the times that are shown are all there are, and go on being. */
  fits: true,
};

/** What is shown: made anew by `makeRows`. */
const rows = { mode: "tree", order: [], depth: [], is: new Uint8Array(0), steps: [], height: 0, matches: 0, all: 0 };

const MATCHES = 1;
const LEADS = 2;

/** The times that there are to show. */
function domain() {
  const runs = view.run === null ? model.runs : model.runs.filter((run) => run.number === view.run);
  if (!runs.length) return [0, 1e9];
  let from = Infinity;
  let to = -Infinity;
  for (const run of runs) {
    from = Math.min(from, run.start);
    to = Math.max(to, run.end);
  }
  return [from, Math.max(to, from + 1000)];
}

/** Whether executions are looked for, by the words of a query, all of which have to be there. */
function matcher() {
  const words = view.query.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => {
    const lower = text.toLowerCase();
    return words.map((word) => lower.includes(word));
  };
  // There are few steps, runs and texts, and many executions.
  const bySteps = model.steps.map((step) => has(`${step.path} ${step.kind}`));
  const byRuns = model.runs.map((run) => has(runName(run)));
  const byTexts = model.texts.map(has);
  return (span) => {
    const [byStep, byRun] = [bySteps[model.step[span]], byRuns[model.run[span]]];
    const byText = byTexts[model.text[span]];
    const which = words.length ? whichText(span) : "";
    const marks = words.length ? marksOf(span) : [];
    return words.every((word, i) =>
      byStep[i] || byRun[i] || byText?.[i] || which.includes(word) || STATES[model.state[span]] === word || marks.some((mark) => mark.text.toLowerCase().includes(word)));
  };
}

function makeRows() {
  rows.mode = view.mode;
  const is = new Uint8Array(model.count);
  const isMatch = view.query ? matcher() : () => true;
  rows.matches = 0;
  rows.all = 0;
  for (let span = 0; span < model.count; span++) {
    if (view.run !== null && model.runs[model.run[span]].number !== view.run) continue;
    rows.all++;
    if (view.hidden.has(model.state[span]) || (view.critical && !model.critical.has(span)) || !isMatch(span)) continue;
    is[span] = MATCHES;
    rows.matches++;
    for (let outer = model.parent[span]; outer >= 0 && !is[outer]; outer = model.parent[outer]) is[outer] = LEADS;
  }
  rows.is = is;
  if (view.mode === "tree") makeTree(is);
  else makeSteps(is);
}

function makeTree(is) {
  // The executions inside of each, as a list through two arrays. They are met in the order of their starts.
  const [first, last, next] = [0, 0, 0].map(() => new Int32Array(model.count).fill(-1));
  const roots = [];
  for (let span = 0; span < model.count; span++) {
    if (!is[span]) continue;
    const outer = model.parent[span];
    if (outer < 0) roots.push(span);
    else if (last[outer] < 0) first[outer] = last[outer] = span;
    else last[outer] = next[last[outer]] = span;
  }
  const order = [];
  const depth = new Uint16Array(model.count);
  for (const root of roots) {
    const open = [root];
    while (open.length) {
      const span = open.pop();
      order.push(span);
      if (next[span] >= 0 && model.parent[span] >= 0) open.push(next[span]);
      if (first[span] >= 0) {
        depth[first[span]] = depth[span] + 1;
        open.push(first[span]);
      }
      if (next[span] >= 0) depth[next[span]] = depth[span];
    }
  }
  rows.order = order;
  rows.depth = depth;
  rows.height = order.length * ROW;
}

function makeSteps(is) {
  const spans = new Map();
  const outer = new Map();
  for (let span = 0; span < model.count; span++) {
    if (!is[span]) continue;
    const step = model.step[span];
    if (!spans.has(step)) {
      spans.set(step, []);
      outer.set(step, model.parent[span] < 0 ? -1 : model.step[model.parent[span]]);
    }
    if (is[span] === MATCHES) spans.get(step).push(span);
  }
  const inside = new Map();
  for (const [step, around] of outer) {
    const key = spans.has(around) ? around : -1;
    if (!inside.has(key)) inside.set(key, []);
    inside.get(key).push(step);
  }
  const steps = [];
  const put = (step, depth) => {
    steps.push(stepRow(step, depth, spans.get(step)));
    place(step, depth + 1);
  };
  const place = (step, depth) => {
    const within = inside.get(step) ?? [];
    within.sort((a, b) => model.steps[a].index - model.steps[b].index || a - b);
    for (const child of within) put(child, depth);
  };
  place(-1, 0);
  let top = 0;
  for (const row of steps) {
    row.top = top;
    top += row.height;
  }
  rows.steps = steps;
  rows.height = top;
}

/** The executions of a step in lanes, in each of which they do not touch. */
function stepRow(step, depth, spans) {
  spans.sort((a, b) => model.pending[a] - model.pending[b] || a - b);
  const lanes = [];
  const ends = [];
  let isDense = false;
  for (const span of spans) {
    let lane = ends.findIndex((end) => end <= model.pending[span]);
    if (lane < 0) {
      if (lanes.length === MOST_LANES) {
        isDense = true;
        break;
      }
      lane = lanes.push([]) - 1;
    }
    lanes[lane].push(span);
    ends[lane] = Math.max(endOf(span), model.pending[span] + 1);
  }
  const height = isDense ? 4 * ROW : Math.max(ROW, lanes.length * LANE + 8);
  const failed = spans.filter((span) => model.state[span] === FAILED).length;
  return { step, depth, spans, lanes, isDense, height, failed, most: isDense ? mostAtOnce(spans) : lanes.length, top: 0 };
}

function mostAtOnce(spans) {
  const starts = Float64Array.from(spans, (span) => model.start[span]).sort();
  const ends = Float64Array.from(spans, endOf).sort();
  let [most, ended] = [0, 0];
  for (let i = 0; i < starts.length; i++) {
    while (ends[ended] <= starts[i]) ended++;
    most = Math.max(most, i + 1 - ended);
  }
  return most;
}

/** The row at a height, and where it begins. */
function rowAt(y) {
  if (rows.mode === "tree") {
    const row = Math.floor(y / ROW);
    return row >= 0 && row < rows.order.length ? { span: rows.order[row], top: row * ROW } : null;
  }
  let [low, high] = [0, rows.steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows.steps[middle].top + rows.steps[middle].height <= y) low = middle + 1;
    else high = middle;
  }
  return y >= 0 && low < rows.steps.length ? { row: rows.steps[low], index: low, top: rows.steps[low].top } : null;
}

/** The first of a lane that ends after a time. */
function firstAfter(lane, time) {
  let [low, high] = [0, lane.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(lane[middle]) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
