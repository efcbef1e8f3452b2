/** The numbered blocks of a step: each equation in symbols, with the numbers put in, with its result. */

import { attribute, el } from "./dom.js";
import { UNKNOWN } from "./format.js";
import { CALLED, NUMBERS, SYMBOLS, spoken } from "./notation.js";


/**
 * @param {object} page what the views share, see main.js
 * @returns {{element: HTMLElement, show: function(object): void}}
 */
export function blocksView(page) {
  const rows = new Map();
  const element = el("div", { class: "blocks" });
  page.content.blocks.forEach((block, number) => element.append(blockElement(page, block, number, rows)));
  const said = new Map([...rows.values()].map((row) => [row, [...row.querySelector(".symbols").children].map(spoken).join(" ")]));
  let current = null;

  function show(moment) {
    for (const [line, row] of rows) {
      row.classList.toggle("ahead", moment.line !== null && line > moment.line);
      attribute(row, "aria-label", `${said.get(row)} = ${moment.reached(line) ? row.querySelector(".result").textContent : UNKNOWN}`);
    }
    const row = rows.get(moment.line) ?? null;
    if (row === current) return;
    if (current) mark(current, false);
    if (row) {
      mark(row, true);
      reveal(row);
    }
    current = row;
  }

  element.addEventListener("keydown", (event) => move(event, [...rows.values()], page));
  return { element, show, rows };
}

function mark(row, isCurrent) {
  row.classList.toggle("current", isCurrent);
  attribute(row, "aria-current", isCurrent ? "step" : null);
}

/** Bring a row into view within the list alone, where it is not. */
function reveal(row) {
  const list = row.closest(".scrolls");
  if (!list || list.scrollHeight <= list.clientHeight) return;
  const [top, inner, outer] = [60, row.getBoundingClientRect(), list.getBoundingClientRect()];
  if (inner.top < outer.top + top) list.scrollTop += inner.top - outer.top - top;
  else if (inner.bottom > outer.bottom - top) list.scrollTop += inner.bottom - outer.bottom + top;
}

function blockElement(page, block, number, rows) {
  const title = `block-${number}`;
  const section = el("section", { class: "block", "data-phase": block.phase, "aria-labelledby": title },
    el("h3", { id: title }, block.title), el("p", { class: "why" }, block.why));
  const list = el("div", { class: "lines", role: "list" });
  for (const group of block.groups) {
    const [first, last] = group.shown;
    for (let place = 0; place < group.count; place++) {
      if (place === first && last) {
        const more = (group.count - first - last).toLocaleString("en");
        list.append(el("div", { class: "more", role: "listitem" }, `… ${more} more of this kind …`));
      }
      if (place < first || place >= group.count - last) {
        const line = group.first + place;
        const row = lineElement(page, line, "blocks");
        row.setAttribute("role", "listitem");
        row.tabIndex = rows.size ? -1 : 0;
        rows.set(line, row);
        list.append(row);
      }
    }
  }
  section.append(list);
  return section;
}

/**
 * An equation: its symbols, the numbers put in, its result.
 * @param {object} page @param {number} number of the line @param {string} part of the page, for its numbers
 */
export function lineElement(page, number, part) {
  const { content, notation, numbers } = page;
  const line = content.lines[number];
  const [left, right] = [notation.name(line.quantity), notation.expression(line.expression, SYMBOLS)];
  const called = notation.expression(line.expression, CALLED);
  const isBare = isName(content.shapes[line.expression[0]]);
  const put = notation.expression(line.expression, NUMBERS, (element, slot, how) => numbers.place(part, element, slot, how));
  const shown = numbers.place(part, el("span", { class: "result" }), line.quantity, resultOf(line, number));
  return el("div", { class: "line", "data-line": number, "data-of": content.quantities[line.quantity].name },
    el("span", { class: "symbols" }, left, el("span", { class: "sign" }, line.overwrites ? "←" : "="),
      ...(called ? [called, el("wbr"), el("span", { class: "sign" }, "=")] : []), right),
    isBare ? null : el("span", { class: "put-in" }, el("span", { class: "sign" }, "=\u2060"), put),
    el("span", { class: "gives" }, el("span", { class: "sign" }, "="), shown));
}

/** How the result of a line is written. */
function resultOf(line, number) {
  return { style: "result", after: Boolean(line.update), known: (moment) => moment.reached(number) };
}

function isName(shape) {
  return shape.symbols.length === 1 && shape.symbols[0].length === 1 && typeof shape.symbols[0][0] !== "string";
}

/** Up and down go through the lines while one of them has the focus; Enter goes to it. */
function move(event, rows, page) {
  const row = event.target.closest(".line");
  if (!row || event.target.closest("input")) return;
  const at = rows.indexOf(row);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to !== undefined && !event.shiftKey) {
    const other = rows[Math.max(0, Math.min(to, rows.length - 1))];
    row.tabIndex = -1;
    other.tabIndex = 0;
    other.focus();
  } else if (event.key === "Enter") {
    page.state.update({ line: Number(row.dataset.line) });
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}
