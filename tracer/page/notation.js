/** Mathematics on the page: the markup that was made for each shape of an equation, with quantities or numbers in it. */

import { mathml } from "./dom.js";
import { written } from "./format.js";

/** What of an expression is shown. */
export const SYMBOLS = "symbols";
export const NUMBERS = "numbers";

/**
 * Writes expressions: a reference is [shape, slot, slot, …].
 * @param {object} content as `content.py` makes it
 */
export function notationOf(content) {
  const parsed = new Map();
  const supported = supportsMathML();

  /** A fragment of markup that the program itself wrote, parsed once. */
  function fragment(markup) {
    if (!parsed.has(markup)) {
      const template = document.createElement("template");
      template.innerHTML = `<math>${markup}</math>`;
      parsed.set(markup, template.content.firstChild);
    }
    return parsed.get(markup).cloneNode(true);
  }

  function finished(math) {
    if (supported) return math;
    const plain = document.createElement("span");
    plain.className = "math";
    plain.textContent = spoken(math);
    return plain;
  }

  /** Markup of the content as an element that stands alone. */
  function symbol(markup) {
    return finished(fragment(markup));
  }

  /** The name of a quantity. */
  function name(slot) {
    return symbol(content.quantities[slot].math);
  }

  /**
   * The right-hand side of an expression.
   * @param {number[]} reference @param {string} mode SYMBOLS or NUMBERS
   * @param {function(Element, number, boolean, number): void} [place] told of each number: its element, its slot,
   *   whether a negative one needs no brackets, and the row of the batch
   */
  function expression(reference, mode, place) {
    const shape = content.shapes[reference[0]];
    const pieces = (mode === NUMBERS && shape.numbers) || shape.symbols;
    const key = pieces.map((piece, at) => (typeof piece === "string" ? piece : `<mrow data-at="${at}"></mrow>`)).join("");
    const math = fragment(key);
    for (const hole of math.querySelectorAll("[data-at]")) {
      const [argument, signed, row] = pieces[Number(hole.dataset.at)];
      const slot = argument < 0 ? undefined : reference[argument + 1];
      hole.removeAttribute("data-at");
      if (mode === SYMBOLS) {
        hole.replaceWith(...fragment(content.quantities[slot].math).childNodes);
      } else {
        const number = mathml("mrow");
        hole.replaceWith(number);
        place(number, slot, Boolean(signed), row);
      }
    }
    return supported ? broken(math) : mode === NUMBERS ? math : finished(math);
  }

  return { name, symbol, expression, text: (slot) => content.quantities[slot].text };
}

/** A sum in pieces, between which a line may break: MathML itself stays on one line. */
function broken(math) {
  const parts = math.children.length === 1 && math.firstElementChild.localName === "mrow" ? [...math.firstElementChild.children] : [...math.children];
  const pieces = [[]];
  parts.forEach((part, place) => {
    const isTerm = /^\s*[+−]\s*$/.test(part.textContent) && place > 0 && /^(mo|mtext)$/.test(part.localName);
    if (isTerm) pieces.push([part]);
    else pieces.at(-1).push(part);
  });
  if (pieces.length === 1) return math;
  const whole = document.createElement("span");
  whole.className = "broken";
  pieces.forEach((piece, place) => {
    if (place) piece[0].setAttribute("form", "infix");
    whole.append(...(place ? [document.createElement("wbr")] : []), mathml("math", mathml("mrow", ...piece)));
  });
  return whole;
}

function supportsMathML() {
  const probe = document.createElement("div");
  probe.innerHTML = "<math><mspace width='20px' height='1px'/></math>";
  probe.style.cssText = "position:absolute;visibility:hidden";
  document.body.append(probe);
  const wide = probe.firstChild.getBoundingClientRect().width;
  probe.remove();
  return wide >= 19;
}

/** Markup of mathematics as a line of text, for those who cannot see it set. @param {Element} math */
export function spoken(math) {
  const inner = [...math.children].map(spoken);
  switch (math.localName) {
    case "mfrac": return `${grouped(math.children[0], inner[0])}/${grouped(math.children[1], inner[1])}`;
    case "msub": return `${inner[0]}_${inner[1]}`;
    case "msup": return `${inner[0]}^${grouped(math.children[1], inner[1])}`;
    case "msqrt": return `√(${inner.join("")})`;
    default: return inner.length ? inner.join("") : math.textContent;
  }
}

function grouped(element, said) {
  return element.querySelectorAll("mo").length && element.localName === "mrow" && /[+−·/= ]/.test(said) ? `(${said})` : said;
}

/** A sentence with its numbers; nothing where one of these has no value. */
export function sentence(cases, value, name) {
  const found = cases.find((one) => one.if === null || value(one.if));
  const expressions = cases.flatMap((one) => [one.if, ...one.parts]).filter(Array.isArray);
  if (!expressions.every((one) => Number.isFinite(value(one)))) return "";
  return found.parts.map((part) => {
    if (typeof part === "string") return part;
    return typeof part === "number" ? name(part) : written(value(part));
  }).join("");
}
