/** Elements of the page: made, filled, and told apart. Text is always set as text. */

const SVG = "http://www.w3.org/2000/svg";
const MATHML = "http://www.w3.org/1998/Math/MathML";

/**
 * An element with attributes and children. Attributes that begin with "on" are listeners; null and false are left out.
 * @param {string} tag @param {Object<string, any>} [attributes] @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** The same for a part of a drawing. @returns {SVGElement} */
export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

/** A part of an equation, with text or other parts in it. @returns {MathMLElement} */
export function mathml(tag, ...children) {
  return furnish(document.createElementNS(MATHML, tag), {}, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value;  // as an attribute it is forbidden
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set an attribute, or take it away where the value is null or false; touch the page only where it differs. */
export function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else {
    const text = value === true ? "" : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Set the text of an element where it differs. */
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/** A button with a label for all, and a sign to see: an icon by its name, or a text. */
export function button(label, sign, press, attributes = {}) {
  const shown = ICONS[sign] ? icon(sign) : sign;
  return el("button", { type: "button", title: label, "aria-label": label, onclick: press, ...attributes }, shown);
}

/** Drawn, because no typeface can be relied on to have them. */
const ICONS = {
  start: "M5 4v12M15 4.5v11L7.5 10z", back: "M16 10H5M9.5 5.5 5 10l4.5 4.5", next: "M4 10h11M10.5 5.5 15 10l-4.5 4.5",
  block: "M3 10h10M9 6l4 4-4 4M16.500 5v10", whole: "M4 5.500h12M4 10h12M4 14.500h12", play: "M6 4.500v11l9-5.500z",
  pause: "M7 5v10M13 5v10", up: "M10 16V5M5.500 9.500 10 5l4.500 4.500", down: "M10 4v11M5.500 10.500 10 15l4.500-4.500",
  undo: "M5 8h7a4 4 0 0 1 0 8H8M8 4.500 4.500 8 8 11.500", pin: "M7 3.500h6M8 3.500v5l-2.500 3h9L12 8.500v-5M10 11.500v5",
};

/** An icon by its name. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 20 20", class: `icon ${name}`, "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/** Whether the reader asked for less motion. */
export function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
