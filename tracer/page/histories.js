/** Quantities over the iterations: small charts of the weights and the gradients, a layer each. */

import { el, svg } from "./dom.js";
import { apart, endOf, fitting, marked, path, range, scaleOf } from "./curves.js";

const [WIDE, HIGH, MARGIN_LEFT, MARGIN] = [262, 132, 56, 8];
const [NAME, LETTER, LONGEST_NAME] = [12, 6.4, 14];
const STYLES_OF_LINES = 8;

/**
 * @param {object} page what the views share, see main.js
 * @returns {{element: HTMLElement, show: function(object, number): void}}
 */
export function historiesView(page) {
  const element = el("div", { class: "histories" });
  const charts = page.content.charts.map((chart) => chartOf(page, chart));
  element.append(...charts.map((chart) => chart.element));
  let drawn = null;

  function show(moment, subject) {
    const key = `${moment.eta} ${page.version()}`;
    if (key !== drawn) {
      const slots = [...new Set(page.content.charts.flatMap((chart) => chart.slots))];
      const series = new Map(page.engine.seriesOf(moment.eta, slots).map((values, index) => [slots[index], values]));
      for (const chart of charts) chart.draw(series);
      drawn = key;
    }
    for (const chart of charts) chart.mark(moment, subject);
  }
  return { element, show };
}

/** A name, or its beginning and its end, which often tells it from others. */
function shortened(name) {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 4)}…${name.slice(-3)}` : name;
}

function chartOf(page, { title, slots }) {
  const named = slots.map((slot) => shortened(page.content.quantities[slot].text));
  const all = WIDE + 5 + Math.ceil(LETTER * Math.max(...named.map((name) => name.length)));
  const lines = svg("g", {});
  const axes = svg("g", { class: "axes" });
  const here = svg("line", { class: "here", y1: MARGIN, y2: HIGH - MARGIN });
  const drawing = svg("svg", { viewBox: `0 0 ${all} ${HIGH}`, width: all, height: HIGH, role: "img", "aria-label": title }, axes, lines, here);
  const element = el("figure", { class: "history" }, el("figcaption", {}, title), drawing);
  let x = null;

  function draw(series) {
    const curves = slots.map((slot) => series.get(slot));
    const y = scaleOf(...range(curves, false), false, HIGH - MARGIN, MARGIN);
    x = scaleOf(1, curves[0].length, false, MARGIN_LEFT, WIDE);
    axes.replaceChildren(...y.marks.flatMap((mark) => [
      svg("line", { class: mark === 0 ? "grid zero" : "grid", x1: MARGIN_LEFT, x2: WIDE, y1: y.at(mark), y2: y.at(mark) }),
      svg("text", { x: MARGIN_LEFT - 6, y: y.at(mark), dy: "0.35em", "text-anchor": "end" }, marked(mark)),
    ]));
    lines.replaceChildren(...slots.flatMap((slot, number) => {
      const d = path(curves[number], (index) => x.at(index + 1), y);
      const { name, text } = page.content.quantities[slot];
      const line = svg("path", { d, class: `curve c${number % STYLES_OF_LINES}`, "data-dash": number % 4, "data-of": name });
      return [svg("path", { d, class: "touch", "data-of": name }, svg("title", {}, text)), line];
    }), ...names(curves, y));
  }
  /** The names of the curves at their right end, of as many as have room. */
  function names(curves, y) {
    const ends = slots.map((slot, number) => ({ slot, number, at: endOf(curves[number], y) }));
    return apart(fitting(ends, NAME, HIGH - MARGIN - NAME), NAME, HIGH - 4).map(({ slot, number, at }) => svg("text", {
      x: WIDE + 5, y: at, dy: "0.35em", class: `rate c${number % STYLES_OF_LINES}`, "data-of": page.content.quantities[slot].name,
    }, named[number]));
  }

  function mark(moment, subject) {
    const at = String(x.at(moment.iteration));
    here.setAttribute("x1", at);
    here.setAttribute("x2", at);
    const name = page.content.quantities[subject].name;
    for (const line of lines.querySelectorAll(".curve")) line.toggleAttribute("data-chosen", line.dataset.of === name);
  }
  return { element, draw, mark };
}
