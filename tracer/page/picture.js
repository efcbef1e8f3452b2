/** The picture of a step: the diagram that was laid out for the model, with its numbers in their places. */

import { attribute, el, svg, text } from "./dom.js";
import { UNKNOWN, exact, short } from "./format.js";

const SIZES = { title: 15, head: 14.5, caption: 13.5, name: 15, label: 13.5, equation: 13.5, note: 13.5 };
const NUMBER = 13.5;
const LEGIBLE = 11;  // pixels, of the smallest text; a picture that has no room for that is scrolled
const THINNEST = 0.8;
const THICKEST = 5;
const HEIGHT = 18;
const MUCH = 7;  // characters of a number, beyond which they are closer

/**
 * @param {object} page what the views share, see main.js
 * @returns {{element: HTMLElement, show: function(object, Set<number>): void}}
 */
export function pictureView(page) {
  const { content } = page;
  const { width, height, items } = content.picture;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Picture of the step", class: "drawing" });
  drawing.append(heads());
  const updates = [];
  const builders = { text: textItem, number: numberItem, shape: shapeItem, tiles: tilesItem, curve: curveItem };
  for (const item of items) drawing.append(builders[item.kind](item, page, updates));
  const scales = scalesOf(items);
  const least = LEGIBLE / Math.min(NUMBER, ...items.filter((item) => item.kind === "text").map(sizeOf));
  const element = el("div", { class: "picture", style: `--wide:${width};--high:${height};--least:${least.toFixed(3)}` }, drawing);
  rove(drawing);
  let latest = null;

  /** lit: the quantities that light up; result: the one that is computed. */
  function show(moment, lit, result) {
    const largest = new Map();
    for (const [scale, slots] of scales) {
      largest.set(scale, slots.reduce((most, slot) => Math.max(most, Math.abs(moment.value(slot)) || 0), 0));
    }
    for (const update of updates) update(moment, (shown) => strength(moment, shown, largest), lit, result);
    if (result !== latest && result !== null) [element, element.closest(".left")].forEach((place) => bring(place, drawing.querySelector(".cell.result-here")));
    latest = result;
  }
  return { element, show };
}

/** Move a picture that is larger than its place so that a part of it is seen. */
function bring(place, part) {
  if (!part || (place.scrollWidth <= place.clientWidth && place.scrollHeight <= place.clientHeight)) return;
  const [inner, outer] = [part.getBoundingClientRect(), place.getBoundingClientRect()];
  if (inner.left < outer.left || inner.right > outer.right) place.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
  if (inner.top < outer.top || inner.bottom > outer.bottom) place.scrollTop += (inner.top + inner.bottom - outer.top - outer.bottom) / 2;
}

/** From −1 to 1: the sign of a number, and its size among those of its kind; 0 where it is not known. */
function strength(moment, shown, largest) {
  if (!shown || !shown.scale || shown.frozen || !moment.known(shown.slot)) return 0;
  const most = largest.get(shown.scale);
  return most > 0 && Number.isFinite(most) ? moment.value(shown.slot) / most : 0;
}

/** The quantities of each scale. */
function scalesOf(items) {
  const found = new Map();
  const add = (scale, slot) => {
    if (scale) found.set(scale, (found.get(scale) ?? new Set()).add(slot));
  };
  for (const item of items) {
    for (const slot of item.slots ?? []) add(item.scale, slot);
    if (item.shown && item.shown.slot !== undefined) add(item.shown.scale, item.shown.slot);
    if (item.fill) add(item.fill.scale, item.fill.slot);
  }
  return new Map([...found].map(([scale, slots]) => [scale, [...slots]]));
}

function heads() {
  const tip = (id, name) => svg("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" },
    svg("path", { d: "M0 1 L7 4 L0 7 Z", class: name }));
  return svg("defs", {}, tip("tip", "tip"), tip("tip-back", "tip back"));
}

function light(element, slots, lit, result) {
  element.classList.toggle("lit", slots.some((slot) => lit.has(slot)));
  element.classList.toggle("result-here", result !== null && slots.includes(result));
}

function sizeOf(text) {
  return SIZES[text.look];
}

function textItem(item, page, updates) {
  const element = svg("text", { x: item.x, y: item.y, class: `text ${item.look}`, "text-anchor": item.anchor, "font-size": sizeOf(item), dy: "0.35em" }, item.text);
  if (item.whole) element.append(svg("title", {}, item.whole));
  if (item.slot === undefined) return element;
  element.setAttribute("data-of", page.content.quantities[item.slot].name);
  updates.push((moment, of, lit, result) => {
    light(element, [item.slot], lit, result);
    element.classList.toggle("changed", page.isChanged(item.slot));
  });
  return element;
}

function numberItem(item, page, updates) {
  const { shown, statistic } = item;
  const box = svg("rect", { x: item.x, y: item.y - HEIGHT / 2, width: item.width, height: HEIGHT, rx: 3, class: "box" });
  const [at, anchor] = statistic ? [item.x + 3, "start"] : [item.x + item.width - 3, "end"];
  const label = svg("text", { x: at, y: item.y, dy: "0.35em", "text-anchor": anchor, "font-size": NUMBER });
  const element = svg("g", { class: "cell" }, box, label);
  if (statistic) {
    updates.push((moment) => {
      const value = STATISTICS[statistic.of](statistic.slots.map((slot) => moment.value(slot)));
      const isKnown = statistic.slots.every((slot) => moment.known(slot));
      text(label, isKnown ? short(value) : "·");
      attribute(label, "data-value", isKnown ? exact(value) : null);
    });
    return element;
  }
  page.numbers.place("picture", label, shown.slot, { style: "tight" });
  focusable(element, page, shown.slot);
  element.classList.toggle("frozen", Boolean(shown.frozen));
  const called = page.called(shown.slot);
  updates.push((moment, of, lit, result) => {
    tint(box, of(shown));
    attribute(label, "data-long", label.textContent.length > MUCH);
    attribute(element, "aria-label", `${called}: ${moment.known(shown.slot) ? label.textContent : UNKNOWN}`);
    light(element, [shown.slot], lit, result);
    element.classList.toggle("changed", page.isChanged(shown.slot));
  });
  return element;
}

const STATISTICS = {
  smallest: (values) => Math.min(...values),
  largest: (values) => Math.max(...values),
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  norm: (values) => Math.hypot(...values),
};

/** Color by sign, stronger by size. */
function tint(element, strength) {
  attribute(element, "data-sign", strength > 0 ? "+" : strength < 0 ? "−" : null);
  element.style.setProperty("--strength", Math.min(1, Math.abs(strength)).toFixed(3));
}

function shapeItem(item, page, updates) {
  const { x, y, width, height } = item;
  const box = svg("rect", { x, y, width, height, rx: item.round ? Math.min(width, height) / 2 : 8, class: "node", "data-phase": item.phase });
  box.setAttribute("data-of", page.content.quantities[item.slot].name);
  updates.push((moment, of, lit, result) => {
    if (item.fill) tint(box, of(item.fill));
    light(box, [item.slot], lit, result);
  });
  return box;
}

/** Quantities as tiles without their numbers; where there are too many, the largest of several stands for them. */
function tilesItem(item, page, updates) {
  const group = svg("g", { class: "tiles", role: "img", "aria-label": item.title });
  const inner = item.size - (item.size > 5 ? 1 : 0);
  for (const { row, column, slots } of tilesOf(item)) {
    const [x, y] = [item.x + column * item.size, item.y + row * item.size];
    const tile = svg("rect", { x, y, width: inner, height: inner, class: "tile" });
    if (item.alone && slots.length === 1) tile.setAttribute("data-of", page.content.quantities[slots[0]].name);
    updates.push((moment, of, lit, result) => {
      let most = 0;
      for (const slot of slots) {
        const strong = of({ slot, scale: item.scale });
        if (Math.abs(strong) > Math.abs(most)) most = strong;
      }
      tint(tile, most);
      const low = most < 0 && inner > 3 ? inner / 2 : 0;  // a bar: below 0 is told without color too
      attribute(tile, "y", y + low / 2);
      attribute(tile, "height", inner - low);
      light(tile, slots, lit, result);
    });
    group.append(tile);
  }
  return group;
}

/** The tiles of an item: their places, and the quantities that each stands for. */
function tilesOf({ slots, columns, merged }) {
  const found = new Map();
  slots.forEach((slot, index) => {
    const [row, column] = [Math.floor(Math.floor(index / columns) / merged), Math.floor((index % columns) / merged)];
    const key = `${row} ${column}`;
    if (!found.has(key)) found.set(key, { row, column, slots: [] });
    found.get(key).slots.push(slot);
  });
  return found.values();
}

function curveItem(item, page, updates) {
  const line = svg("path", { d: pathOf(item.points), class: `edge${item.backward ? " back" : ""}${item.faint ? " faint" : ""}` });
  if (item.head) line.setAttribute("marker-end", item.backward ? "url(#tip-back)" : "url(#tip)");
  const [source, target] = item.ends;
  if (item.shown) line.setAttribute("data-of", page.content.quantities[item.shown.slot].name);
  const touch = item.shown ? svg("path", { d: pathOf(item.points), class: "touch", "data-of": line.dataset.of }) : null;
  updates.push((moment, of, lit, result) => {
    const strong = of(item.shown);
    tint(line, strong);
    line.style.strokeWidth = String(item.shown ? THINNEST + (THICKEST - THINNEST) * Math.abs(strong) : THINNEST);
    const isUsed = lit.has(source) && (target === result || lit.has(target));
    line.classList.toggle("lit", isUsed || (item.shown !== undefined && lit.has(item.shown.slot)));
  });
  return svg("g", {}, touch, line);
}

/** Level where it leaves and where it arrives. */
function pathOf(points) {
  const [[x, y], ...others] = points;
  let [left, top, path] = [x, y, `M${x} ${y}`];
  for (const [right, bottom] of others) {
    const middle = (left + right) / 2;
    path += ` C${middle} ${top} ${middle} ${bottom} ${right} ${bottom}`;
    [left, top] = [right, bottom];
  }
  return path;
}

function focusable(element, page, slot) {
  element.setAttribute("tabindex", -1);
  element.setAttribute("role", "button");
  element.setAttribute("data-of", page.content.quantities[slot].name);
  element.classList.toggle("changeable", page.engine.canChange(page.content.quantities[slot].name));
}

/** One stop of the tab key; the arrow keys go on from there to the nearest number in their direction. */
function rove(drawing) {
  const cells = [...drawing.querySelectorAll("[tabindex]")];
  if (!cells.length) return;
  cells[0].setAttribute("tabindex", 0);
  drawing.addEventListener("keydown", (event) => {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const from = event.target.closest("[tabindex]");
    if (!direction || !from || event.shiftKey) return;
    const to = nearest(from, cells, direction);
    event.preventDefault();
    event.stopPropagation();
    if (!to) return;
    from.setAttribute("tabindex", -1);
    to.setAttribute("tabindex", 0);
    to.focus();
  });
}

function nearest(from, cells, [x, y]) {
  const start = from.getBBox();
  let best = null;
  let least = Infinity;
  for (const cell of cells) {
    const box = cell.getBBox();
    const [dx, dy] = [box.x - start.x, box.y - start.y];
    const ahead = dx * x + dy * y;
    const aside = Math.abs(dx * y) + Math.abs(dy * x);
    const distance = ahead + 3 * aside;
    if (ahead > 1 && distance < least) [best, least] = [cell, distance];
  }
  return best;
}
