/** Every number on the page: which quantity it is, and how it is written. One list, refreshed when anything changes. */

import { attribute, mathml, text } from "./dom.js";
import { exact, result, short, tight, written } from "./format.js";

/** How a number is written, by the name of the place. */
const STYLES = { result, short, tight };

/**
 * @param {object} content
 * @param {Set<number>} before slots that hold what a state was before the iteration
 * @param {boolean} supported whether the browser sets mathematics
 * @returns {{place: function, forget: function, show: function}}
 */
export function numbersOf(content, before, supported) {
  /** Places by the part of the page that they belong to, so that a part can be built anew. */
  const parts = new Map();
  /** What was typeset last, by element. */
  const typesetLast = new WeakMap();

  /**
   * Let an element hold a number.
   * @param {string} part @param {Element} element @param {number} slot
   * @param {{style?: string, signed?: boolean, row?: number, after?: boolean, known?: function(object): boolean,
   *   other?: function(object): object}} how style: result, short or tight; or signed, for a number in an equation: whether a
   *   negative one needs no brackets; row: of the batch, −1 for the sum of all; after: the value after the update; known:
   *   whether it is seen; other: the moment that has it, of another iteration
   */
  function place(part, element, slot, how) {
    if (!parts.has(part)) parts.set(part, []);
    parts.get(part).push({ element, slot, how });
    element.classList.add("number");
    if (slot !== undefined) element.setAttribute("data-quantity", content.quantities[slot].name);
    if (before.has(slot)) element.setAttribute("data-before", "");
    return element;
  }

  function forget(part) {
    parts.delete(part);
  }

  /** Write the numbers of a moment, of one part or of all. */
  function show(moment, part) {
    for (const each of part ? [parts.get(part) ?? []] : parts.values()) {
      for (const { element, slot, how } of each) write(element, slot, how, moment);
    }
  }

  function write(element, slot, how, moment) {
    const isMath = how.signed !== undefined;
    const isKnown = how.known ? how.known(moment) : slot === undefined || moment.known(slot);
    attribute(element, "data-unknown", !isKnown);
    if (how.other) attribute(element.parentElement, "hidden", !isKnown);
    if (!isKnown) {
      attribute(element, "data-value", null);
      if (isMath) typeset(element, "□", false);
      else text(element, "·");
      return;
    }
    const at = how.other ? how.other(moment) : moment;
    const value = how.after ? at.after(slot) : at.value(slot, how.row);
    attribute(element, "data-value", exact(value));
    attribute(element, "data-after", how.after);
    if (how.other) {
      attribute(element, "data-at", at.iteration);
      attribute(element, "data-sample", at.several ? at.sample : null);
    }
    if (how.row !== undefined) {
      attribute(element, "data-sample", moment.sampleOf(how.row));
      attribute(element, "data-total", how.row < 0);
    }
    const shown = isMath ? written(value, how.signed) : STYLES[how.style](value, content.decimals);
    if (isMath) typeset(element, shown, how.raised);
    else text(element, shown);
  }

  /** A number as it is set in mathematics, a power of ten as 10^n; in brackets where it is raised to a power. */
  function typeset(element, shown, raised) {
    if (typesetLast.get(element) === shown) return;
    typesetLast.set(element, shown);
    element.replaceChildren(...pieces(shown, raised, supported).map(set));
  }

  return { place, forget, show };
}

/**
 * The parts of a number in mathematics as [tag, text] or [tag, [parts]]. Where mathematics is not set, a power of ten stays
 * "e−17": as a factor and a power it could not be told from the equation around it.
 * @param {string} shown as `written` gives it @param {boolean} raised to a power @param {boolean} supported
 */
export function pieces(shown, raised, supported) {
  const [, sign, digits, power] = /^\(?(−?)([^e)]+)(?:e(-?\d+))?\)?$/.exec(shown);
  const exponent = power?.replace("-", "−");
  const found = sign ? [["mo", sign]] : [];
  if (exponent && supported) found.push(["mn", digits], ["mo", "·"], ["msup", [["mn", "10"], ["mn", exponent]]]);
  else found.push(["mn", exponent ? `${digits}e${exponent}` : digits]);
  return shown.startsWith("(") || (raised && power) ? [["mo", "("], ...found, ["mo", ")"]] : found;
}

/** A part as an element. */
function set([tag, inner]) {
  const element = mathml(tag, ...(Array.isArray(inner) ? inner.map(set) : [inner]));
  if (inner === "−") element.setAttribute("form", "prefix");
  if (inner === "(" || inner === ")") element.setAttribute("stretchy", "false");
  return element;
}
