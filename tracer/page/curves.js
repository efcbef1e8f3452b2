/** Curves over the iterations: thinned to the width of a chart, on a linear or a logarithmic scale. */

import { inText } from "./format.js";

const LONE = /M(\S+) (\S+)(?=M|$)/g;
const DOT = 1.5;

/**
 * A scale from numbers to pixels, with marks at round numbers.
 * @param {number} least @param {number} most @param {boolean} log @param {number} from @param {number} to
 * @returns {{at: function(number): number, marks: number[], log: boolean}}
 */
export function scaleOf(least, most, log, from, to) {
  const map = log ? Math.log10 : (value) => value;
  let [low, high] = [map(least), map(most)];
  const room = Math.max(0.5, Math.abs(low) / 4);  // or a large number would stay the same
  if (!(high > low)) [low, high] = [Math.max(low - room, -Number.MAX_VALUE), Math.min(high + room, Number.MAX_VALUE)];
  const at = (value) => from + ((map(value) - low) / (high - low)) * (to - from);
  return { at, log, marks: log ? powers(low, high) : steps(low, high) };
}

/** Round numbers from one to another, about four of them. */
export function steps(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.99);
  const found = [];
  for (let number = Math.ceil(low / step - 1e-9); number * step <= high + step * 1e-9; number++) {
    found.push(Number((number * step).toPrecision(12)));
  }
  return found;
}

/** Powers of ten, as many as there is room for; between neighbors of them where there are none. */
function powers(low, high) {
  const [first, last] = [Math.ceil(low - 1e-9), Math.floor(high + 1e-9)];
  if (last - first < 1) return steps(10 ** low, 10 ** high).filter((value) => value > 0);
  const every = Math.ceil((last - first + 1) / 5);
  return Array.from({ length: last - first + 1 }, (_, place) => first + place)
    .filter((power) => power % every === 0).map((power) => 10 ** power);
}

/** A mark as it is written beside an axis. */
export function marked(value) {
  return inText(value, 3);
}

/** The least and the most of some curves that can be drawn; of a logarithmic scale, above 0. */
export function range(curves, log) {
  let [least, most] = [Infinity, -Infinity];
  for (const curve of curves) {
    for (const value of curve) {
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return least <= most ? [least, most] : log ? [0.1, 1] : [0, 1];
}

/**
 * The path of a curve, at most four points a pixel: where it enters and leaves one, its least and its most; a point without
 * neighbors is a small circle.
 * @param {ArrayLike<number>} curve @param {function(number): number} x of an index @param {{at: function}} y
 */
export function path(curve, x, y) {
  let found = "";
  let isDown = false;
  const put = (index) => {
    const value = curve[index];
    if (!Number.isFinite(value) || (y.log && value <= 0)) {
      isDown = false;
      return;
    }
    found += `${isDown ? "L" : "M"}${x(index).toFixed(1)} ${y.at(value).toFixed(1)}`;
    isDown = true;
  };
  let first = 0;
  while (first < curve.length) {
    const pixel = Math.floor(x(first));
    let [end, low, high] = [first, first, first];
    while (end < curve.length && Math.floor(x(end)) === pixel) {
      if (curve[end] < curve[low]) low = end;
      if (curve[end] > curve[high]) high = end;
      end++;
    }
    const points = [...new Set([first, Math.min(low, high), Math.max(low, high), end - 1])];
    points.forEach(put);
    first = end;
  }
  return found.replace(LONE, (_, at, height) => `M${at - DOT} ${height}a${DOT} ${DOT} 0 1 0 ${2 * DOT} 0a${DOT} ${DOT} 0 1 0 ${-2 * DOT} 0`);
}

/** The height at which a curve ends; NaN where none of it can be drawn. */
export function endOf(curve, y) {
  return y.at(curve.findLast((value) => Number.isFinite(value) && (!y.log || value > 0)) ?? NaN);
}

/**
 * As many labels as have room: the chosen one, the first and the last, and of the others those that are not beside one of
 * these. All of them where all have room.
 * @param {{at: number, chosen: boolean}[]} labels @param {number} distance @param {number} room in which they stand
 */
export function fitting(labels, distance, room) {
  const most = Math.max(1, Math.floor(room / distance) + 1);
  if (labels.length <= most) return labels;
  const found = new Set([labels.find(({ chosen }) => chosen) ?? labels[0], labels[0], labels.at(-1)].slice(0, most));
  for (const label of labels) {
    const isFree = [...found].every(({ at }) => Math.abs(at - label.at) >= distance);
    if (isFree && found.size < most) found.add(label);
  }
  return [...found];
}

/**
 * Labels so far apart that each can be read, none below the lowest; what has no place is left out.
 * @param {{at: number}[]} labels @param {number} distance @param {number} lowest
 */
export function apart(labels, distance, lowest) {
  const found = labels.filter(({ at }) => Number.isFinite(at)).sort((one, other) => one.at - other.at);
  let [above, below] = [-Infinity, Infinity];
  for (const label of found) above = label.at = Math.max(label.at, above + distance);
  for (const label of found.toReversed()) below = label.at = Math.min(label.at, below - distance, lowest);
  return found;
}
