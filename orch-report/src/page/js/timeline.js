// ---- The timeline: rows of bars on a canvas that shows what is in sight, and labels beside them ----

const AXIS = 26;
const colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ink", "dim", "page", "panel", "edge", "line", "accent", "backoff", "wait", "critical", "select", "match", ...STATES, "closed", "open", "half-open"])
    colours[name] = style.getPropertyValue(`--${name}`).trim();
}

const size = { width: 0, height: 0, gutter: 340 };

const barsFrom = () => size.gutter;
const barsWide = () => Math.max(50, size.width - size.gutter - 14);
const xOf = (time) => barsFrom() + ((time - view.from) / (view.to - view.from)) * barsWide();
const timeOf = (x) => view.from + ((x - barsFrom()) / barsWide()) * (view.to - view.from);

/** A canvas as fine as the screen, and what draws on it. */
function fitCanvas(canvas, width, height) {
  const fine = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * fine) || canvas.height !== Math.round(height * fine)) {
    canvas.width = Math.round(width * fine);
    canvas.height = Math.round(height * fine);
  }
  const draw = canvas.getContext("2d");
  draw.setTransform(fine, 0, 0, fine, 0, 0);
  draw.clearRect(0, 0, width, height);
  return draw;
}

let isAsked = false;

/** Draws soon, once for all that asks until then. */
function ask() {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    if (!$("timeline").hidden) drawTimeline();
  });
}

function drawTimeline() {
  const scroll = $("scroll");
  size.width = scroll.clientWidth;
  size.height = scroll.clientHeight;
  size.gutter = size.width < 700 ? 180 : 340;
  $("space").style.height = `${rows.height + AXIS + ROW}px`;
  $("view").style.height = `${size.height}px`;
  const draw = fitCanvas($("bars"), size.width, size.height);
  const top = scroll.scrollTop;
  draw.save();
  draw.beginPath();
  draw.rect(0, AXIS, size.width, size.height - AXIS);
  draw.clip();
  drawGrid(draw);
  const labels = rows.mode === "tree" ? drawTree(draw, top) : drawSteps(draw, top);
  draw.restore();
  drawAxis(draw);
  if (!rows.height && model.count) {
    draw.fillStyle = colours.dim;
    draw.font = "13px system-ui, sans-serif";
    draw.fillText("No execution is as wanted. Escape clears the search.", barsFrom() + 16, AXIS + 24);
  }
  showLabels(labels);
  drawOverview();
}

function drawGrid(draw) {
  draw.fillStyle = colours.line;
  for (const tick of ticksOf(domain()[0])[1]) draw.fillRect(Math.round(xOf(tick)), AXIS, 1, size.height);
}

function drawAxis(draw) {
  draw.fillStyle = colours.panel;
  draw.fillRect(0, 0, size.width, AXIS);
  draw.fillStyle = colours.edge;
  draw.fillRect(0, AXIS - 1, size.width, 1);
  draw.fillRect(barsFrom() - 1, 0, 1, size.height);
  draw.font = "11px system-ui, sans-serif";
  draw.textBaseline = "middle";
  const [start] = domain();
  const [step, ticks] = ticksOf(start);
  for (const tick of ticks) {
    const x = Math.round(xOf(tick));
    draw.fillStyle = colours.dim;
    draw.fillRect(x, AXIS - 5, 1, 5);
    const text = tickText(tick - start, step);
    draw.fillText(text, Math.min(x + 4, size.width - draw.measureText(text).width - 2), AXIS / 2);
  }
}

/** Round times within sight, about one in a hundred pixels, counted from the beginning. */
function ticksOf(start) {
  const wanted = ((view.to - view.from) / barsWide()) * 110;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [1, 2, 5, 10].map((times) => times * power).find((step) => step >= wanted) ?? wanted;
  const ticks = [];
  for (let tick = start + Math.ceil((view.from - start) / step) * step; tick <= view.to && ticks.length < 100; tick += step) ticks.push(tick);
  return [step, ticks];
}

/** With as many digits as tell ticks apart. */
function tickText(time, step) {
  const [unit, name] = step >= 1e8 ? [1e9, "s"] : step >= 1e5 ? [1e6, "ms"] : step >= 100 ? [1e3, "\u00b5s"] : [1, "ns"];
  const digits = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
  return `${(time / unit).toFixed(Math.min(digits, 6))}${name}`;
}

function drawTree(draw, top) {
  const labels = [];
  const from = Math.max(0, Math.floor(top / ROW));
  const to = Math.min(rows.order.length, Math.ceil((top + size.height) / ROW));
  for (let i = from; i < to; i++) {
    const span = rows.order[i];
    const y = AXIS + i * ROW - top;
    drawRow(draw, span === view.selected, y, ROW);
    draw.globalAlpha = rows.is[span] === LEADS ? 0.35 : 1;
    drawSpan(draw, span, y + 4, ROW - 8);
    draw.globalAlpha = 1;
    labels.push({ y: y - AXIS, span, depth: rows.depth[span] });
  }
  return labels;
}

function drawRow(draw, isSelected, y, height) {
  if (isSelected) {
    draw.fillStyle = colours.select;
    draw.fillRect(0, y, size.width, height);
  }
  draw.fillStyle = colours.line;
  draw.fillRect(0, y + height - 1, size.width, 1);
}

/** Where a time is, for bars that go on beyond what is in sight. */
const clamped = (time) => Math.min(Math.max(xOf(time), barsFrom() - 2), size.width + 2);

function drawSpan(draw, span, y, height) {
  const [pending, start, end] = [model.pending[span], model.start[span], endOf(span)];
  if (end < view.from || pending > view.to) return;
  const [x0, x1, x2] = [clamped(pending), clamped(start), clamped(end)];
  if (x1 > x0) drawWait(draw, x0, x1, y, height, colours.pending);
  const colour = colours[STATES[model.state[span]]];
  const wide = Math.max(x2 - x1, 2);
  const block = isBlock(span);
  draw.fillStyle = colour;
  const alpha = draw.globalAlpha;
  if (block) {
    draw.globalAlpha = alpha * 0.22;
    draw.fillRect(x1, y, wide, height);
    draw.globalAlpha = alpha;
    draw.fillRect(x1, y, wide, 2);
    draw.fillRect(x1, y, 1.5, height);
    draw.fillRect(x1 + wide - 1.5, y, 1.5, height);
  } else {
    draw.beginPath();
    draw.roundRect(x1, y, wide, height, Math.min(3, wide / 2));
    draw.fill();
  }
  if (model.critical.has(span)) {
    draw.fillStyle = colours.critical;
    draw.fillRect(x1, y + height + 1, wide, 2.5);
  }
  drawMarks(draw, span, y, height);
  if (!block && wide > 26 && model.attempt[span] > 1) {
    draw.fillStyle = colours.page;
    draw.font = "600 10px system-ui, sans-serif";
    draw.textBaseline = "middle";
    draw.fillText(`#${model.attempt[span]}`, Math.max(x1, barsFrom()) + 5, y + height / 2 + 0.5);
  }
}

/** A wait: stripes, so that it is told from work without its colour. */
function drawWait(draw, x0, x1, y, height, colour) {
  const wide = Math.max(x1 - x0, 1);
  const alpha = draw.globalAlpha;
  draw.fillStyle = colours.page;
  draw.fillRect(x0, y + 2, wide, height - 4);
  draw.fillStyle = colour;
  draw.globalAlpha = alpha * 0.35;
  draw.fillRect(x0, y + 2, wide, height - 4);
  draw.globalAlpha = alpha;
  if (wide > 6) {
    draw.save();
    draw.beginPath();
    draw.rect(x0, y + 2, wide, height - 4);
    draw.clip();
    draw.strokeStyle = colour;
    draw.lineWidth = 1.5;
    draw.beginPath();
    for (let x = x0 - height; x < x1; x += 7) {
      draw.moveTo(x, y + height);
      draw.lineTo(x + height, y);
    }
    draw.stroke();
    draw.restore();
  }
}

function drawMarks(draw, span, y, height) {
  for (const mark of marksOf(span)) {
    const until = mark.open ? endOf(span) : mark.until;
    if (until < view.from || mark.at > view.to) continue;
    const x = clamped(mark.at);
    if (until > mark.at) drawWait(draw, x, clamped(until), y, height, mark.about === "waiting" ? colours.wait : colours.backoff);
    const middle = y + height / 2;
    if (mark.about === "circuit") {
      draw.fillStyle = colours[mark.state] ?? colours.dim;
      draw.beginPath();
      draw.moveTo(x, middle - 6);
      draw.lineTo(x + 6, middle);
      draw.lineTo(x, middle + 6);
      draw.lineTo(x - 6, middle);
      draw.fill();
      draw.strokeStyle = colours.page;
      draw.lineWidth = 1;
      draw.stroke();
    } else if (until === mark.at && mark.about !== "progress") {
      draw.fillStyle = mark.about === "note" ? colours.ink : colours.backoff;
      draw.beginPath();
      draw.arc(x, middle, 3.2, 0, 7);
      draw.fill();
      draw.strokeStyle = colours.page;
      draw.lineWidth = 1;
      draw.stroke();
    }
  }
}

function drawSteps(draw, top) {
  const labels = [];
  const states = circuits(view.run);
  let row = rowAt(top) ?? { index: 0 };
  for (let i = row.index; i < rows.steps.length; i++) {
    const step = rows.steps[i];
    const y = AXIS + step.top - top;
    if (y > size.height) break;
    drawRow(draw, view.selected >= 0 && model.step[view.selected] === step.step, y, step.height);
    const circuit = states.get(step.step);
    if (circuit) drawCircuit(draw, circuit, y, step.height);
    if (step.isDense) drawDense(draw, step, y);
    else step.lanes.forEach((lane, j) => drawLane(draw, lane, y + 4 + j * LANE));
    labels.push({ y: y - AXIS, row: step, depth: step.depth });
  }
  return labels;
}

/** The state of a circuit over time, at the foot of its row. */
function drawCircuit(draw, circuit, y, height) {
  const [from, to] = domain();
  let [at, state] = [from, circuit.changes.length ? circuit.changes[0].text.split(" ")[0] : circuit.state];
  for (const change of [...circuit.changes, { at: to, state: "" }]) {
    const [x0, x1] = [clamped(at), clamped(change.at)];
    draw.fillStyle = colours[state] ?? colours.dim;
    draw.fillRect(x0, y + height - 4, Math.max(x1 - x0, 1), 3);
    [at, state] = [change.at, change.state];
  }
}

function drawLane(draw, lane, y) {
  const height = LANE - 2;
  // What is narrower than a pixel is drawn once a pixel, but for failures, which are not hidden by what succeeded beside them.
  let drawn = -1;
  for (let i = firstAfter(lane, view.from); i < lane.length; i++) {
    const span = lane[i];
    if (model.pending[span] > view.to) break;
    const [x0, x1, x2] = [clamped(model.pending[span]), clamped(model.start[span]), clamped(endOf(span))];
    const state = model.state[span];
    if (x2 - x0 < 1 && x2 <= drawn && state !== FAILED) continue;
    drawn = Math.ceil(x2);
    if (x1 - x0 >= 1) {
      draw.fillStyle = colours.pending;
      draw.globalAlpha = 0.45;
      draw.fillRect(x0, y + 2, x1 - x0, height - 4);
      draw.globalAlpha = 1;
    }
    const wide = Math.max(x2 - x1, 1);
    draw.fillStyle = colours[STATES[state]];
    draw.globalAlpha = isBlock(span) ? 0.4 : 1;
    draw.fillRect(x1, y, wide > 3 ? wide - 0.5 : wide, height);
    draw.globalAlpha = 1;
    if (model.critical.has(span)) {
      draw.fillStyle = colours.critical;
      draw.fillRect(x1, y + height - 1, wide, 2);
    }
    if (span === view.selected) {
      draw.strokeStyle = colours.ink;
      draw.lineWidth = 1.5;
      draw.strokeRect(x1, y, wide, height);
    }
    for (const mark of marksOf(span)) {
      if (mark.until > mark.at && mark.at <= view.to && mark.until >= view.from) {
        draw.fillStyle = mark.about === "waiting" ? colours.wait : colours.backoff;
        draw.fillRect(clamped(mark.at), y + 1, Math.max(clamped(mark.until) - clamped(mark.at), 1), height - 2);
      }
    }
  }
}

/** How many were under way, as the mean of the time of each pixel; and how many of these failed in the end. */
function concurrency(spans, from, to, wide) {
  const [all, failed] = [new Float64Array(wide + 2), new Float64Array(wide + 2)];
  // What goes on over whole pixels, as differences.
  const [allWhole, failedWhole] = [new Float64Array(wide + 2), new Float64Array(wide + 2)];
  const scale = wide / (to - from);
  const add = (parts, whole, start, end) => {
    const [first, last] = [Math.floor(start), Math.floor(end)];
    if (first === last) {
      // What takes no time is seen all the same.
      parts[first] += Math.max(end - start, 1e-6);
      return;
    }
    parts[first] += first + 1 - start;
    parts[last] += end - last;
    whole[first + 1]++;
    whole[last]--;
  };
  for (const span of spans) {
    const [start, end] = [model.start[span], endOf(span)];
    if (end < from || start > to) continue;
    const [x0, x1] = [Math.max(0, (start - from) * scale), Math.min(wide, (end - from) * scale)];
    add(all, allWhole, x0, x1);
    if (model.state[span] === FAILED) add(failed, failedWhole, x0, x1);
  }
  let most = 0;
  let [allNow, failedNow] = [0, 0];
  for (let x = 0; x < wide; x++) {
    all[x] += allNow += allWhole[x];
    failed[x] += failedNow += failedWhole[x];
    most = Math.max(most, all[x]);
  }
  return { all, failed, most };
}

function drawArea(draw, { all, failed, most }, x, y, wide, height, colour) {
  if (!most) return;
  for (const [counts, fill] of [[all, colour], [failed, colours.failed]]) {
    draw.fillStyle = fill;
    for (let i = 0; i < wide; i++) {
      const tall = (counts[i] / most) * height;
      if (tall > 0) draw.fillRect(x + i, y + height - Math.max(tall, 1), 1, Math.max(tall, 1));
    }
  }
}

function drawDense(draw, row, y) {
  const wide = Math.floor(barsWide());
  const area = concurrency(row.spans, view.from, view.to, wide);
  drawArea(draw, area, barsFrom(), y + 6, wide, row.height - 8, colours.succeeded);
}

/** The labels in sight: as many elements as there are rows, used again. */
function showLabels(labels) {
  const box = $("labels");
  box.style.width = `${size.gutter - 2}px`;
  while (box.children.length > labels.length) box.lastChild.remove();
  labels.forEach((label, i) => {
    let row = box.children[i];
    if (!row) {
      row = element("div", { className: "row", role: "row" }, element("span", { className: "glyph", role: "gridcell" }), element("span", { role: "gridcell" }), element("span", { className: "more", role: "gridcell" }));
      box.append(row);
    }
    const [glyph, name, more] = row.children;
    row.style.top = `${label.y}px`;
    row.style.paddingLeft = `${8 + Math.min(label.depth, 14) * 12}px`;
    if (label.row) {
      const { failed } = label.row;
      glyph.textContent = failed ? GLYPHS[FAILED] : "";
      glyph.className = "glyph s4";
      name.textContent = stepName(model.steps[label.row.step]);
      const most = label.row.isDense ? `, ${count(label.row.most)} at once` : "";
      more.textContent = ` \u00d7 ${count(label.row.spans.length)}${failed ? `, ${GLYPHS[FAILED]} ${count(failed)}` : ""}${most}`;
      row.className = label.row.spans.length ? "row" : "row dim";
    } else {
      const { span } = label;
      const run = model.runs[model.run[span]];
      glyph.textContent = GLYPHS[model.state[span]];
      glyph.className = `glyph s${model.state[span]}`;
      name.textContent = stepName(model.steps[model.step[span]]);
      const which = model.parent[span] < 0 && (model.runs.length > 1 || run.key != null) ? runName(run) : whichText(span);
      more.textContent = ` ${which}`;
      row.className = rows.is[span] === LEADS ? "row dim" : "row";
      row.setAttribute("aria-selected", span === view.selected);
    }
  });
}

/** What was running over the whole time, and which part of it is in sight. */
function drawOverview() {
  const canvas = $("overview");
  const [wide, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!wide) return;
  const draw = fitCanvas(canvas, wide, height);
  const [from, to] = domain();
  const key = `${wide} ${from} ${to} ${rows.stamp}`;
  if (drawOverview.key !== key) {
    const tasks = [];
    for (let span = 0; span < model.count; span++) if (rows.is[span] === MATCHES && !isBlock(span)) tasks.push(span);
    drawOverview.key = key;
    drawOverview.area = concurrency(tasks, from, to, Math.floor(wide));
  }
  draw.fillStyle = colours.panel;
  draw.fillRect(0, 6, wide, height - 12);
  drawArea(draw, drawOverview.area, 0, 8, Math.floor(wide), height - 16, colours.running);
  const x = (time) => ((time - from) / (to - from)) * wide;
  const [x0, x1] = view.fits ? [0, wide] : [x(view.from), x(view.to)];
  draw.fillStyle = colours.dim;
  draw.globalAlpha = 0.3;
  draw.fillRect(0, 6, x0, height - 12);
  draw.fillRect(x1, 6, wide - x1, height - 12);
  draw.globalAlpha = 1;
  draw.strokeStyle = view.fits ? colours.edge : colours.accent;
  draw.strokeRect(x0 + 0.5, 6.5, Math.max(x1 - x0 - 1, 2), height - 13);
}

// ---- Moving in time ----

function show(from, to) {
  const [start, end] = domain();
  const most = end - start;
  const wide = Math.min(Math.max(to - from, 100), most);
  const at = Math.min(Math.max(from, start), end - wide);
  view.from = at;
  view.to = at + wide;
  view.fits = wide >= most;
  ask();
}

function fit() {
  const [start, end] = domain();
  show(start, end);
}

/** Makes what is in sight so many times shorter, around a place on the screen. */
function zoom(times, x = barsFrom() + barsWide() / 2) {
  const centre = timeOf(x);
  show(centre - (centre - view.from) / times, centre + (view.to - centre) / times);
}

function pan(share) {
  const by = (view.to - view.from) * share;
  show(view.from + by, view.to + by);
}

/** The execution under a place on the canvas. */
function spanAt(x, y) {
  if (y < AXIS) return -1;
  const found = rowAt(y - AXIS + $("scroll").scrollTop);
  if (!found) return -1;
  if (rows.mode === "tree") return found.span;
  const { row, top } = found;
  if (row.isDense || x < barsFrom()) return -1;
  const lane = row.lanes[Math.floor((y - AXIS + $("scroll").scrollTop - top - 4) / LANE)];
  if (!lane) return -1;
  const near = ((view.to - view.from) / barsWide()) * 3;
  const span = lane[firstAfter(lane, timeOf(x) - near)];
  return span !== undefined && model.pending[span] <= timeOf(x) + near ? span : -1;
}
