/** What is known of one quantity: its equation with numbers, before and after, where it is used, where it comes from. */

import { el } from "./dom.js";
import { lineElement } from "./blocks.js";
import { SYMBOLS, sentence } from "./notation.js";
import { strandsOf } from "./strands.js";

const MOST_USERS = 24;

/**
 * @param {object} page what the views share, see main.js
 * @returns {{element: HTMLElement, show: function(object): void, of: function(): number}}
 */
export function detailsView(page) {
  const element = el("div", { class: "details" });
  let shownSlot = null;
  let said = null;
  let parts = [];

  function build(slot) {
    const { content, engine, numbers } = page;
    numbers.forget("details");
    said = el("p", { class: "said" });
    const quantity = content.quantities[slot];
    const heading = el("h3", { "aria-label": page.called(slot) }, page.notation.name(slot), el("span", { class: "role" }, quantity.role));
    const [list, pin] = [values(page, slot), page.pin(slot)];
    parts = [pin];
    if (engine.canChange(quantity.name)) parts.push(page.editor(slot));
    list.append(...parts.slice(1).map((part) => part.element));
    const found = [el("div", { class: "subject", "data-phase": quantity.phase }, heading, list, pin.element), said];
    const lines = linesOf(page, slot);
    if (lines.length) found.push(el("div", { class: "lines", "data-phase": quantity.phase }, ...lines.map((line) => lineElement(page, line, "details"))));
    const origin = page.derivationOf.get(slot);
    if (origin !== undefined) {
      const strands = strandsOf(page, origin);
      found.push(strands.element);
      parts.push(strands);
    }
    element.replaceChildren(...found, usersElement(page, slot));
    shownSlot = slot;
  }

  function show(moment, slot) {
    if (slot !== shownSlot) build(slot);
    page.numbers.show(moment, "details");
    for (const part of parts) part.show(moment);
    const origin = page.derivationOf.get(slot);
    const [pattern, ...slots] = page.content.sentences[slot] ?? page.content.sentences[origin] ?? [];
    const isKnown = pattern !== undefined && slots.every((one) => moment.known(one));
    said.hidden = !isKnown;
    if (isKnown) {
      const symbols = (expression) => page.notation.expression(expression, SYMBOLS);
      said.replaceChildren(...sentence(page.content.patterns[pattern], slots, moment.compute, symbols));
    }
  }

  return { element, show };
}

/** The numbers of a quantity: now, after the update, in the iteration before and after. */
function values(page, slot) {
  const { numbers } = page;
  const list = el("dl", { class: "values" });
  const add = (label, { beside, ...how }) => list.append(el("div", {}, el("dt", {}, label),
    numbers.place("details", el("dd", {}), slot, { style: "result", other: beside && ((moment) => page.beside(moment, beside)), ...how })));
  const isParameter = page.isParameter(slot);
  if (!isParameter && !page.isConstant(slot)) add("before", { beside: -1, known: (moment) => moment.iteration > 1 });
  add("now", {});
  if (isParameter) {
    const update = page.content.lines.findIndex((line) => line.update && line.quantity === slot);
    if (update >= 0) add("after the update", { after: true, known: (moment) => moment.reached(update) });
  }
  else if (!page.isConstant(slot)) add("next", { beside: 1, known: (moment) => moment.line === null && moment.iteration < moment.run.iterations });
  return list;
}

/** The lines that compute a quantity: its equation, and of a parameter its update. */
function linesOf(page, slot) {
  return page.content.lines.flatMap((line, number) => (line.quantity === slot ? [number] : []));
}

/** Where it is used, as links to these quantities. */
function usersElement(page, slot) {
  const users = page.users.get(slot) ?? [];
  const names = [...new Set(users.map((line) => page.content.lines[line].quantity))];
  const links = names.slice(0, MOST_USERS).map((other) => page.chip(other));
  const more = names.length - links.length;
  const list = el("div", { class: "users" }, el("span", { class: "label" }, "used in"), ...links);
  if (more > 0) list.append(el("span", { class: "label" }, `and ${more.toLocaleString("en")} more`));
  list.hidden = !names.length;
  return list;
}
