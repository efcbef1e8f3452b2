/** The losses of all learning rates over the iterations: the slider of the iteration. */

import { attribute, el, svg, text } from "./dom.js";
import { apart, endOf, fitting, marked, path, range, scaleOf } from "./curves.js";
import { exact, result, short } from "./format.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [62, 86, 10, 22];
const COLORS = 8;
const LABEL = 13;
const DECADES = 1e4;

/**
 * @param {object} page what the views share, see main.js
 * @returns {{element: HTMLElement, show: function(object): void}}
 */
export function lossView(page) {
  const { content, engine, state } = page;
  const name = content.quantities[content.curve].text;
  const lines = svg("g", { class: "curves" });
  const axes = svg("g", { class: "axes" });
  const here = svg("line", { class: "here" });
  const dot = svg("circle", { class: "dot", r: 4.5 });
  const drawing = svg("svg", { "aria-hidden": "true" }, axes, lines, here, dot);
  const reading = el("span", { class: "reading number", "data-quantity": content.quantities[content.curve].name });
  const slider = el("div", {
    class: "slider", role: "slider", tabindex: 0, "aria-label": "iteration", "aria-valuemin": 1, onkeydown: keyed,
  }, drawing);
  const log = el("input", { type: "checkbox", onchange: () => state.update({ log: log.checked }) });
  const missing = el("span", { class: "missing" });
  const element = el("div", { class: "loss" },
    el("div", { class: "loss-head" }, el("span", { class: "label" }, name), reading, missing,
      el("label", { class: "toggle" }, log, "log scale")), slider);
  let [shown, scale, last] = [null, null, null];

  function keyed(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    const { iteration, run } = page.moment();
    const to = by ? iteration + by : { Home: 1, End: run.iterations }[event.key];
    if (to === undefined || event.shiftKey) return;
    page.goTo({ iteration: to });
    event.preventDefault();
    event.stopPropagation();
  }
  function dragged(event) {
    if (event.type === "pointermove" && !event.buttons) return;
    if (event.type === "pointerdown") slider.setPointerCapture(event.pointerId);
    const x = event.clientX - slider.getBoundingClientRect().left;
    page.goTo({ iteration: Math.round(scale.iteration(x)) });
  }
  slider.addEventListener("pointerdown", dragged);
  slider.addEventListener("pointermove", dragged);
  new ResizeObserver(() => last && (draw(last), place(last))).observe(slider);

  /** The learning rates whose curves are drawn: the config's, and the chosen one. */
  function rates(moment) {
    const given = engine.data.etas.length ? engine.data.etas : [null];
    return given.includes(moment.eta) ? given : [...given, moment.eta];
  }

  /** As the reader chose; without, where the losses span decades. */
  function isLogarithmic(etas) {
    const { log: chosen } = state.get();
    if (chosen !== null) return chosen;
    const [least, most] = range(etas.map((eta) => engine.curve(eta)), true);
    return most > DECADES * least;
  }

  function draw(moment) {
    const [width, height] = [slider.clientWidth, slider.clientHeight];
    if (!width) return;
    const etas = rates(moment);
    const curves = etas.map((eta) => engine.curve(eta));
    const isLog = isLogarithmic(etas);
    const longest = Math.max(...curves.map((curve) => curve.length));
    const x = scaleOf(1, longest, false, LEFT, width - RIGHT);
    const y = scaleOf(...range(curves, isLog), isLog, height - BOTTOM, TOP);
    scale = { x, y, curves, etas, iteration: (at) => 1 + ((at - LEFT) / (width - RIGHT - LEFT)) * (longest - 1) };
    attribute(drawing, "viewBox", `0 0 ${width} ${height}`);
    axes.replaceChildren(...axesOf(x, y, width, height));
    const drawn = etas.map((eta, number) => svg("path", {
      d: path(curves[number], (index) => x.at(index + 1), y), class: `curve c${number % COLORS}`,
      "data-chosen": eta === moment.eta, "data-dash": number % 4,
    }));
    lines.replaceChildren(...drawn, ...labels(etas, curves, y, width, moment));
  }

  /** The names of the curves at their right end. */
  function labels(etas, curves, y, width, moment) {
    const ends = etas.map((eta, number) => ({ eta, number, at: endOf(curves[number], y), chosen: eta === moment.eta }))
      .filter((end) => end.eta !== null && Number.isFinite(end.at));
    const lowest = slider.clientHeight - BOTTOM;
    return apart(fitting(ends, LABEL, lowest - LABEL / 2), LABEL, lowest).map(({ eta, number, at, chosen }) => svg("text", {
      x: width - RIGHT + 8, y: at, dy: "0.35em", class: `rate c${number % COLORS}`, "data-chosen": chosen,
      onpointerdown: (event) => { event.stopPropagation(); state.update({ eta }); },
    }, `η = ${short(eta)}`));
  }

  function place(moment) {
    if (!scale) return;
    const x = scale.x.at(moment.iteration);
    const value = engine.curve(moment.eta)[moment.iteration - 1];
    for (const [key, at] of Object.entries({ x1: x, x2: x, y1: TOP, y2: slider.clientHeight - BOTTOM })) attribute(here, key, at);
    const isDrawn = Number.isFinite(value) && (!scale.y.log || value > 0);
    attribute(dot, "visibility", isDrawn ? null : "hidden");
    if (isDrawn) [["cx", x], ["cy", scale.y.at(value)]].forEach(([key, at]) => attribute(dot, key, at));
    const isKnown = moment.known(content.curve);
    attribute(reading, "data-value", isKnown ? exact(value) : null);
    text(reading, isKnown ? result(value, content.decimals) : "·");
    const without = scale.y.log ? engine.curve(moment.eta).findIndex((value) => value <= 0) : -1;
    text(missing, without < 0 ? "" : `Not on a log scale: 0 and below, first in iteration ${(without + 1).toLocaleString("en")}`);
    attribute(slider, "aria-valuemax", moment.run.iterations);
    attribute(slider, "aria-valuenow", moment.iteration);
    attribute(slider, "aria-valuetext", `iteration ${moment.iteration} of ${moment.run.iterations}, ${name} ${reading.textContent}`);
  }

  function show(moment) {
    last = moment;
    log.checked = isLogarithmic(rates(moment));
    const key = `${moment.eta} ${log.checked} ${page.version()}`;
    if (key !== shown) draw(moment);
    shown = key;
    place(moment);
  }
  return { element, show, toggle: () => state.update({ log: !log.checked }) };
}

function axesOf(x, y, width, height) {
  const found = [];
  for (const mark of y.marks) {
    const at = y.at(mark);
    found.push(svg("line", { x1: LEFT, x2: width - RIGHT, y1: at, y2: at, class: "grid" }),
      svg("text", { x: LEFT - 8, y: at, dy: "0.35em", "text-anchor": "end" }, marked(mark)));
  }
  for (const mark of x.marks.filter(Number.isInteger)) {
    found.push(svg("text", { x: x.at(mark), y: height - 6, "text-anchor": "middle" }, marked(mark)));
  }
  return found;
}
