/** Decision regions: what the model gives for the points of a plane of two inputs, and where the samples lie. */

import { el, svg, text } from "./dom.js";
import { marked, steps } from "./curves.js";
import { short } from "./format.js";

const [SIZE, LEFT_OF_PLANE, BELOW_PLANE, RADIUS] = [189, 46, 24, 5];
const MARKS = [
  (x, y) => svg("circle", { cx: x, cy: y, r: RADIUS }),
  (x, y) => svg("rect", { x: x - RADIUS + 0.5, y: y - RADIUS + 0.5, width: 2 * RADIUS - 1, height: 2 * RADIUS - 1 }),
  (x, y) => svg("path", { d: `M${x} ${y - RADIUS}L${x + RADIUS} ${y + RADIUS - 1}H${x - RADIUS}Z` }),
  (x, y) => svg("path", { d: `M${x - 5} ${y}H${x + 5}M${x} ${y - 5}V${y + 5}` }),
];

/**
 * @param {object} page what the views share, see main.js
 * @returns {{element: HTMLElement, show: function(object): void}}
 */
export function regionsView(page) {
  const { content, engine } = page;
  const { inputs, axes, points, margin, classes, expression, outputs } = content.regions;
  const count = points;
  const cell = SIZE / count;
  const tiles = Array.from({ length: count * count }, (_, index) => svg("rect", {
    class: "region", x: LEFT_OF_PLANE + (index % count) * cell, y: SIZE - (Math.floor(index / count) + 1) * cell, width: cell, height: cell,
  }));
  const marks = svg("g", { class: "marks-of-samples" });
  const names = inputs.map((slot) => content.quantities[slot].text);
  const drawing = svg("svg", { viewBox: `0 -16 ${LEFT_OF_PLANE + SIZE + 8} ${SIZE + BELOW_PLANE + 32}`, width: LEFT_OF_PLANE + SIZE + 8, height: SIZE + BELOW_PLANE + 32, role: "img", "aria-label": `${outputs.join(", ")} over ${names.join(" and ")}` }, svg("g", { class: "regions", "shape-rendering": "crispEdges" }, ...tiles), marks);
  const at = (axis, value) => ((value - axes[axis][0]) / axes[axis][1] + margin + 0.5) * cell;
  drawing.append(...labels(axes, count, margin, at, names));
  const reading = el("p", { class: "reading-of-plane" });
  const element = el("div", { class: "plane" }, drawing, el("div", { class: "beside" }, el("p", { class: "label" }, legend(classes, outputs)), reading));
  drawing.addEventListener("pointermove", (event) => tell(tiles.indexOf(event.target)));
  let [drawn, values, told] = [null, [], -1];

  function show(moment) {
    const key = `${moment.eta} ${moment.iteration} ${moment.sample} ${page.version()}`;
    if (key === drawn) return;
    drawn = key;
    const [shape, ...slots] = expression;
    const args = slots.map((slot) => moment.value(slot));
    const places = inputs.map((slot) => slots.flatMap((other, place) => (other === slot ? [place] : [])));
    values = tiles.map((_, index) => {
      [index % count, Math.floor(index / count)].forEach((number, axis) => {
        for (const place of places[axis]) args[place] = axes[axis][0] + axes[axis][1] * (number - margin);
      });
      return page.evaluate(shape, args);
    });
    paint();
    tell(told);
    samples(moment);
  }

  function paint() {
    const finite = values.filter(Number.isFinite);
    const [least, most] = classes ? [1, classes] : [Math.min(...finite), Math.max(...finite)];
    tiles.forEach((tile, index) => {
      if (classes) return tile.setAttribute("class", `region k${values[index] - 1}`);
      const share = most > least ? (values[index] - least) / (most - least) : 0.5;
      tile.style.setProperty("--share", Number.isFinite(share) ? share.toFixed(3) : "0.5");
      return tile;
    });
  }

  function samples(moment) {
    marks.replaceChildren(...engine.samples.map((values_, index) => {
      const [x, y] = inputs.map((slot, axis) => (axis ? SIZE - at(axis, values_[slot]) : LEFT_OF_PLANE + at(axis, values_[slot])));
      const mark = MARKS[(content.regions.marks[index] - (classes ? 1 : 0)) % MARKS.length](x, y);
      mark.setAttribute("class", `sample k${content.regions.marks[index]}${index + 1 === moment.sample ? " chosen" : ""}`);
      return mark;
    }));
  }

  /** Say what the model gives for a point; for the last one where there is none. */
  function tell(index) {
    if (index >= 0) told = index;
    if (told < 0 || !values.length) return;
    const [x, y] = [told % count, Math.floor(told / count)].map((number, axis) => axes[axis][0] + axes[axis][1] * (number - margin));
    text(reading, `${names[0]} = ${short(x)}, ${names[1]} = ${short(y)}: ${classes ? outputs[values[told] - 1] : `${outputs[0]} = ${short(values[told])}`}`);
  }
  return { element, show };
}

function legend(classes, outputs) {
  return classes ? `the largest of ${outputs.join(", ")}` : `${outputs[0]}: from blue, the least, to orange, the largest; dots are samples`;
}

function labels(axes, count, margin, at, names) {
  const found = [];
  axes.forEach(([least, step], axis) => {
    for (const mark of steps(least - margin * step, least + (count - 1 - margin) * step)) {
      const place = at(axis, mark);
      found.push(axis
        ? svg("text", { x: LEFT_OF_PLANE - 6, y: SIZE - place, dy: "0.35em", "text-anchor": "end" }, marked(mark))
        : svg("text", { x: LEFT_OF_PLANE + place, y: SIZE + 16, "text-anchor": "middle" }, marked(mark)));
    }
  });
  found.push(svg("text", { x: LEFT_OF_PLANE + SIZE, y: SIZE + 34, "text-anchor": "end", class: "axis-name" }, `${names[0]} →`),
    svg("text", { x: 2, y: -6, class: "axis-name" }, `↑ ${names[1]}`));
  return [svg("g", { class: "axes" }, ...found)];
}
