/** The quiz: the next result is hidden, the reader types it, and a wrong one is compared with the likely slips. */

import { button, el, text } from "./dom.js";
import { lineElement } from "./blocks.js";
import { result, typed, written } from "./format.js";

const EXACT = "exact";
const SHOWN = "shown";

/**
 * @param {object} page what the views share, see main.js
 * @returns {{element: HTMLElement, show: function(object): boolean, hides: function(number): boolean}}
 */
export function quizOf(page) {
  const { content, state } = page;
  /** The lines that were answered or shown, of one step. */
  let solved = new Set();
  let [step, asked, right, tries] = ["", null, 0, 0];
  const place = el("div", { class: "lines" });
  const field = el("input", { type: "text", inputmode: "decimal", size: 16, "aria-label": "your result" });
  const said = el("p", { class: "verdict", role: "status" });
  const score = el("span", { class: "label" });
  const form = el("form", { class: "answer", onsubmit: judge }, field, el("button", { type: "submit", class: "main" }, "Check"),
    button("Show the result", "Show it", reveal, { class: "text" }), score);
  const element = el("div", { class: "quiz" }, el("h3", {}, "What is the result?"), place, form, said);

  const isOn = () => Boolean(state.get().quiz);
  const hides = (line) => isOn() && line !== null && !solved.has(line);

  function toggle() {
    solved = new Set();
    state.update({ quiz: !isOn(), line: isOn() ? state.get().line : page.moment().line ?? page.firstLine() });
  }

  function judge(event) {
    event.preventDefault();
    const line = asked;
    if (line === null) return undefined;
    if (solved.has(line)) return page.go.next();
    const answer = typed(field.value);
    if (Number.isNaN(answer)) return text(said, "Type a number, such as 0.0275 or 1.5e-4.");
    tries++;
    const moment = page.moment();
    const value = answerTo(content.lines[line], moment);
    const verdict = judged(page, line, answer, moment);
    if (verdict) {
      right++;
      solved.add(line);
      said.className = "verdict right";
      const whole = `Right with the digits shown; with all digits it is ${result(value, content.decimals)}.`;
      text(said, verdict === SHOWN ? whole : `Right: ${written(value)}.`);
      page.refresh();
    } else {
      const slip = slipOf(page, line, answer, moment);
      said.className = "verdict wrong";
      text(said, slip ? `Not yet: ${slip}.` : "Not yet. Put the numbers in once more, and round nothing on the way.");
      field.select();
    }
    text(score, `${right} of ${tries}`);
  }

  function reveal() {
    solved.add(asked);
    page.refresh();
  }

  /** Ask for the line of a moment; whether there is a question. */
  function show(moment) {
    const now = `${moment.eta} ${moment.iteration} ${moment.sample} ${page.version()}`;
    if (now !== step) solved = new Set();
    step = now;
    if (!isOn() || moment.line === null) {
      asked = null;
      return false;
    }
    if (asked !== moment.line) {
      asked = moment.line;
      page.numbers.forget("quiz");
      place.replaceChildren(lineElement(page, asked, "quiz"));
      place.dataset.phase = content.quantities[content.lines[asked].quantity].phase;
      field.value = "";
      text(said, "");
      if (!field.contains(document.activeElement)) field.focus({ preventScroll: true });
      page.reveal();
    }
    page.numbers.show(moment, "quiz");
    return true;
  }
  return { element, show, hides, isOn, toggle };
}

function answerTo(line, moment) {
  return line.update ? moment.after(line.quantity) : moment.value(line.quantity);
}

/**
 * Whether an answer is right: EXACT, or SHOWN where it is what the numbers give that stand in the equation, which are
 * rounded; "" where it is neither.
 */
export function judged(page, number, answer, moment) {
  const line = page.content.lines[number];
  const near = (value) => Number.isFinite(value) && Math.abs(answer - value) <= page.evaluate(page.content.allowed, [value]);
  return near(answerTo(line, moment)) ? EXACT : near(shownOf(page, line, moment)) ? SHOWN : "";
}

/** What an equation gives for its numbers as they are shown; of the rows of a batch, each of them or their sum. */
function shownOf(page, line, moment) {
  const [number, ...slots] = line.expression;
  const shape = page.content.shapes[number];
  const seen = (value) => typed(written(value));
  const isTotal = (place) => shape.numbers.some((pieces) => pieces.some((piece) => piece[0] === place && piece[3] < 0));
  const rowsOf = (slot, place) => Array.from({ length: moment.size }, (_, row) =>
    isTotal(place) ? seen(moment.value(slot, -1)) / moment.size : seen(moment.value(slot, row)));
  return page.evaluate(number, slots.map((slot, place) => (shape.batch?.includes(place) ? rowsOf(slot, place) : seen(moment.value(slot)))));
}

/** The sentence of the first slip that gives an answer; undefined where none does, and of an equation over a batch. */
export function slipOf(page, number, answer, moment) {
  const { content } = page;
  const [shape, ...slots] = content.lines[number].expression;
  if (content.shapes[shape].batch) return undefined;
  const args = slots.map((slot) => moment.value(slot));
  const same = (value) => Number.isFinite(value) && Math.abs(answer - value) <= page.evaluate(content.allowed, [value]);
  const right = answerTo(content.lines[number], moment);
  const found = content.slips[content.lines[number].slips] ?? [];
  for (const [[code, ...places], sentence] of found) {
    const value = page.evaluate(code, places.map((place) => args[place]));
    if (value !== right && same(value)) return sentence.map((part) => (typeof part === "string" ? part : page.notation.text(slots[part]))).join("");
  }
  for (const [place, slot] of slots.entries()) {
    for (const other of content.families[content.quantities[slot].family] ?? []) {
      const value = other === slot ? NaN : page.evaluate(shape, args.with(place, moment.value(other)));
      if (value !== right && same(value)) {
        return content.wrongIndex.replace("{found}", page.notation.text(other)).replace("{expected}", page.notation.text(slot)).replace("{where}", "");
      }
    }
  }
  return undefined;
}
