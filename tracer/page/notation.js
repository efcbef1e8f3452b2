/** Mathematics on the page: the markup that was made for each shape of an equation, with quantities or numbers in it. */

import { mathml } from "./dom.js";
import { inText } from "./format.js";

/** What of an expression is shown. */
export const CALLED = "called";
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
   * The right-hand side of an expression; of several lines, one behind the other where there is room.
   * @param {number[]} reference @param {string} mode CALLED, SYMBOLS or NUMBERS
   * @param {function(Element, number, object): void} [place] told of each number: its element, its slot, and
   *   `signed`, `raised` and `row` of its place
   * @returns {Element|null} null where it has no such form
   */
  function expression(reference, mode, place) {
    const shape = content.shapes[reference[0]];
    const lines = mode === CALLED ? shape.called && [shape.called] : (mode === NUMBERS && shape.numbers) || shape.symbols;
    if (!lines) return null;
    const written = lines.map((line) => ofLine(line, reference, mode, place));
    if (written.length === 1) return written[0];
    const whole = document.createElement("span");
    written.forEach((one, number) => {
      if (number) apart(one.querySelector("mo"));
      whole.append(...(number ? [document.createElement("wbr"), one] : [one]));
    });
    return whole;
  }

  function ofLine(line, reference, mode, place) {
    const math = fragment(line.map((piece, at) => (typeof piece === "string" ? piece : `<mrow data-hole="${at}"></mrow>`)).join(""));
    for (const hole of math.querySelectorAll("[data-hole]")) {
      const piece = line[Number(hole.dataset.hole)];
      const [argument, signed, raised, row] = Array.isArray(piece) ? piece : [piece, 1, 0, 0];
      const slot = argument < 0 ? undefined : reference[argument + 1];
      hole.removeAttribute("data-hole");
      if (mode === NUMBERS) {
        const isOfBatch = slot !== undefined && content.shapes[reference[0]].batch?.includes(argument);
        place(hole, slot, { signed: Boolean(signed), raised: Boolean(raised), row: isOfBatch ? row : undefined });
      } else {
        hole.replaceChildren(...named(slot, raised));
        hole.setAttribute("data-of", content.quantities[slot].name);
      }
    }
    if (mode === NUMBERS && !supported) linear(math);
    return mode === NUMBERS ? math : finished(math);
  }

  /** The parts of a quantity's name, in brackets where it is a fraction and raised to a power. */
  function named(slot, raised) {
    const parts = [...fragment(content.quantities[slot].math).childNodes];
    if (!raised || !parts.some((part) => part.localName === "mfrac")) return parts;
    return [mathml("mrow", mathml("mo", "("), ...parts, mathml("mo", ")"))];
  }

  return { name, symbol, expression, supported, text: (slot) => content.quantities[slot].text };
}

/** An operator at the beginning of a line has the room that it has between two terms. */
function apart(operator) {
  for (const side of ["lspace", "rspace"]) operator?.setAttribute(side, "0.222em");
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

/** Fractions, powers and roots written in a line, for a browser that does not know them; the numbers stay elements. */
function linear(math) {
  const around = (part) => (part.children.length > 1 ? ["(", part, ")"] : [part]);
  for (const element of [...math.querySelectorAll("mfrac, msup, msub, msqrt")].reverse()) {
    const [first, second] = element.children;
    const parts = {
      mfrac: () => [...around(first), "/", ...around(second)], msup: () => [first, "^", ...around(second)],
      msub: () => [first, "_", second], msqrt: () => ["√(", ...element.childNodes, ")"],
    }[element.localName]();
    element.replaceWith(mathml("mrow", ...parts.map((part) => (typeof part === "string" ? mathml("mtext", part) : part))));
  }
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

/**
 * A sentence as text, equations and numbers; nothing where one of these has no value.
 * @param {object[]} cases of a pattern @param {number[]} slots of its places @param {function(number[]): number} value
 * @param {function(number[]): Element} symbols of an expression
 * @returns {(string|Element)[]}
 */
export function sentence(cases, slots, value, symbols) {
  const placed = ([shape, ...places]) => [shape, ...places.map((place) => slots[place])];
  const found = cases.find((one) => one.if === null || value(placed(one.if)));
  const expressions = cases.flatMap((one) => [one.if, ...one.parts.map((part) => part.value)]).filter(Array.isArray);
  if (!expressions.every((one) => Number.isFinite(value(placed(one))))) return [];
  return together(found.parts.map((part) => {
    if (typeof part === "string") return part;
    return part.symbols ? symbols(placed(part.symbols)) : inText(value(placed(part.value)));
  }));
}

/** Factors stay on one line. */
function together(parts) {
  const sign = parts.indexOf("·");
  if (sign < 1) return parts;
  const product = document.createElement("span");
  product.className = "together";
  product.append(...parts.slice(sign - 1, sign + 2));
  return [...parts.slice(0, sign - 1), product, ...together(parts.slice(sign + 2))];
}
