/** Every number on the page: which quantity it is, and how it is written. One list, refreshed when anything changes. */

import { attribute, text } from "./dom.js";
import { exact, result, short, written } from "./format.js";

/** How a number is written, by the name of the place. */
const STYLES = { result, short, written };

/**
 * @param {object} content
 * @returns {{place: function, forget: function, show: function}}
 */
export function numbersOf(content) {
  /** Places by the part of the page that they belong to, so that a part can be built anew. */
  const parts = new Map();

  /**
   * Let an element hold a number.
   * @param {string} part @param {Element} element @param {number} slot
   * @param {{style?: string, signed?: boolean, row?: number, after?: boolean, always?: boolean,
   *   value?: function(object): number}} [how] after: the value after the update; always: also before the reader has
   *   come to it; value: in place of the quantity's
   */
  function place(part, element, slot, how = {}) {
    if (!parts.has(part)) parts.set(part, []);
    parts.get(part).push({ element, slot, how });
    element.classList.add("number");
    if (slot !== undefined) element.setAttribute("data-quantity", content.quantities[slot].name);
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
    const isKnown = how.known ? how.known(moment) : how.always || slot === undefined || moment.known(slot);
    attribute(element, "data-unknown", !isKnown);
    if (!isKnown) {
      attribute(element, "data-value", null);
      text(element, "·");
      return;
    }
    const value = how.value ? how.value(moment) : how.after ? moment.after(slot) : moment.value(slot, how.row);
    const style = STYLES[how.style ?? "written"];
    attribute(element, "data-value", exact(value));
    text(element, style === written ? written(value, how.signed ?? true) : style(value));
  }

  return { place, forget, show };
}
