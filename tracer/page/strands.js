/** Where a gradient comes from: its paths as strands, each with its factors and their product, and the sum of these. */

import { attribute, el, text } from "./dom.js";
import { exact, inText, result } from "./format.js";

const MOST_STRANDS = 32;

/**
 * @param {object} page what the views share, see main.js @param {number} slot whose derivation it is
 * @returns {{element: HTMLElement, show: function(object): void}}
 */
export function strandsOf(page, slot) {
  const { content, notation } = page;
  const derivation = content.derivations[slot];
  const terms = content.terms[derivation.terms];
  const paths = (terms.length ? terms : [[]]).map((term) => [...term, ...derivation.tail]).filter((path) => path.length);
  const shown = paths.slice(0, paths.length > MOST_STRANDS ? MOST_STRANDS - 1 : MOST_STRANDS);
  const updates = [];
  const body = el("div", { class: "strands", role: "list", "aria-label": "Paths" });
  shown.forEach((path, number) => body.append(strand(page, path, number, updates)));
  const rest = el("div", { class: "more" });
  if (paths.length > shown.length) body.append(rest);
  const { name } = content.quantities[derivation.gradient];
  const total = el("span", { class: "result number", "data-quantity": content.decimals !== null ? null : name });
  const sum = el("div", { class: "sum" }, notation.name(derivation.gradient), el("span", { class: "sign" }, content.decimals !== null ? "≈" : "="),
    el("span", { class: "words" }, content.sums[derivation.sum]), total);
  sum.hidden = paths.length === 1;
  const element = el("details", { class: "origin", open: true },
    el("summary", { "aria-label": `Where does ${name} come from?` }, "Where does ", notation.name(derivation.gradient), " come from?"), body, sum);

  function show(moment) {
    const isKnown = moment.known(derivation.gradient);
    const products = paths.map((path) => path.reduce((product, factor) => product * factorValue(page, factor, moment), 1));
    const most = Math.max(...products.map(Math.abs), 0);
    for (const update of updates) update(moment, products, most, isKnown);
    if (paths.length > shown.length) {
      const others = products.slice(shown.length);
      text(rest, `${others.length.toLocaleString("en")} more: ${result(others.reduce((sum, one) => sum + one, 0))}`);
    }
    const value = isKnown ? products.reduce((sum, one) => sum + one, 0) : NaN;
    attribute(total, "data-value", isKnown ? exact(value) : null);
    text(total, isKnown ? result(value) : "·");
  }
  return { element, show };
}

function factorValue(page, number, moment) {
  const factor = page.content.factors[number];
  return factor.quantity === undefined ? moment.compute(factor.expression) : moment.value(factor.quantity);
}

/** One path: its factors from the loss on, and their product as a number and a bar. */
function strand(page, path, number, updates) {
  const { content, notation } = page;
  const quantities = path.flatMap((place) => {
    const { of, by, quantity, expression } = content.factors[place];
    return [of, by, ...(quantity === undefined ? [] : [quantity]), ...(expression.length === 2 ? [expression[1]] : [])];
  });
  const factors = path.flatMap((place, index) => {
    const factor = content.factors[place];
    const value = el("span", { class: "factor-value number" });
    if (factor.quantity !== undefined) value.dataset.quantity = content.quantities[factor.quantity].name;
    updates.push((moment, products, most, isKnown) => {
      const found = isKnown ? factorValue(page, place, moment) : NaN;
      attribute(value, "data-value", isKnown ? exact(found) : null);
      text(value, isKnown ? inText(found) : "·");
    });
    const box = el("span", { class: "factor", "data-of": factor.quantity === undefined ? null : content.quantities[factor.quantity].name },
      notation.symbol(factor.symbol), value);
    return index ? [el("span", { class: "times" }, "·"), box] : [box];
  });
  const bar = el("span", { class: "bar" });
  const product = el("span", { class: "product number" });
  updates.push((moment, products, most, isKnown) => {
    const value = products[number];
    attribute(product, "data-value", isKnown ? exact(value) : null);
    text(product, isKnown ? result(value) : "·");
    attribute(bar, "data-sign", !isKnown || !value ? null : value > 0 ? "+" : "−");
    bar.style.setProperty("--share", isKnown && most > 0 ? (Math.abs(value) / most).toFixed(3) : "0");
  });
  return el("div", {
    class: "strand", role: "listitem", onpointerenter: () => page.light(quantities), onpointerleave: () => page.light([]),
  }, el("span", { class: "factors" }, ...factors), el("span", { class: "gives" }, el("span", { class: "sign" }, "="), product, bar));
}
