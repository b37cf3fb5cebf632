// ---- The pictures of pipelines, with what became of their steps ----

/** All that a picture is made of. What is not in here is left out, as the picture may come from a file. */
const SHAPES = {
  svg: ["viewBox", "width", "height", "class", "role", "aria-label"], g: ["transform"], title: [], tspan: ["class"],
  rect: ["class", "x", "y", "width", "height", "rx"], text: ["class", "x", "y"], path: ["class", "d"],
};
const SVG = "http://www.w3.org/2000/svg";

/** A copy of what is known. Attributes that name classes and numbers cannot do anything. */
function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !Object.hasOwn(SHAPES, node.localName)) return null;
  const made = document.createElementNS(SVG, node.localName);
  for (const name of SHAPES[node.localName]) if (node.hasAttribute(name)) made.setAttribute(name, node.getAttribute(name));
  for (const child of node.childNodes) {
    const inside = copied(child);
    if (inside) made.append(inside);
  }
  return made;
}

function showGraphs() {
  // The numbers of executions of each step, by what the picture calls it.
  const counts = new Map();
  for (let span = 0; span < model.count; span++) {
    if (view.run !== null && model.runs[model.run[span]].number !== view.run) continue;
    const step = model.steps[model.step[span]];
    const key = `${step.path} (${step.place})`;
    if (!counts.has(key)) counts.set(key, [0, 0, 0, 0, 0, 0]);
    counts.get(key)[model.state[span]]++;
  }
  const known = new Map(model.steps.map((step) => [`${step.path} (${step.place})`, step]));
  const pictures = given.graphs.map((text) => {
    // The page has a style for it; its own would be refused, with a complaint.
    const bare = text.replace(/<style>[^<]*<\/style>/g, "").replace(/ style="[^"]*"/g, "");
    const parsed = new DOMParser().parseFromString(bare, "image/svg+xml").documentElement;
    const picture = parsed.localName === "svg" ? copied(parsed) : null;
    if (picture) for (const title of picture.querySelectorAll("g > title")) decorate(title, known, counts);
    return picture;
  }).filter(Boolean);
  const key = element("p", { className: "key" }, pictures.length ? "Frames are coloured by what became of their steps; a click looks for them in the timeline." : "No graph was added to the record.");
  $("graph").replaceChildren(key, ...pictures);
}

function decorate(title, known, counts) {
  const step = known.get(title.textContent);
  if (!step) return;
  const group = title.parentElement;
  const frame = group.querySelector(":scope > rect");
  if (!frame) return;
  const states = counts.get(title.textContent);
  if (!states) {
    group.classList.add("never");
    return;
  }
  const bad = states[FAILED] + states[CANCELLED];
  const good = states[SUCCEEDED] + states[SKIPPED];
  frame.classList.add("ran", states[PENDING] + states[RUNNING] ? "busy" : bad ? (good ? "mixed" : "bad") : "good");
  frame.addEventListener("click", () => search(step.path));
  const words = states.map((number, state) => (number ? `${GLYPHS[state]}${count(number)}` : "")).filter(Boolean).join(" ");
  title.textContent += `: ${states.map((number, state) => (number ? `${count(number)} ${STATES[state]}` : "")).filter(Boolean).join(", ")}`;
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("class", "count");
  text.setAttribute("text-anchor", "end");
  // Above the frame, where nothing else is.
  text.setAttribute("x", String(Number(frame.getAttribute("width")) - 2));
  text.setAttribute("y", "-3");
  text.textContent = words;
  group.append(text);
}
