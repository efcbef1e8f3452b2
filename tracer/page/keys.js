/** What the keys do, and the list of them that a reader can open. */

import { button, el } from "./dom.js";

/** Each key, and what it does. */
export const KEYS = [
  ["Space, →", "next equation"], ["←", "previous equation"], ["Shift →", "next block"], ["Shift ←", "previous block"],
  ["↓", "next iteration"], ["↑", "previous iteration"], ["Home", "start again"], ["Esc", "the whole step"],
  ["P", "play, pause"], ["L", "logarithmic scale"], ["Q", "quiz"], ["Delete", "give the config's number back"],
  ["Tab, then arrows", "go through numbers and equations"], ["Enter", "pin a number, go to an equation"], ["?", "this list"],
];

/** The keys that work everywhere but in a field. @param {object} page what the views share, see main.js */
export function listen(page) {
  const { go, player } = page;
  const actions = {
    " ": go.next, ArrowRight: go.next, ArrowLeft: go.back, ArrowDown: go.down, ArrowUp: go.up, Home: go.start,
    Escape: go.whole, p: () => player.toggle(), l: () => page.toggleLog(),
    q: () => page.quiz?.toggle(), "?": () => page.help.toggle(), Delete: go.giveBack, Backspace: go.giveBack,
  };
  const shifted = { ArrowRight: go.block, ArrowLeft: go.blockBack };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches?.("input[type=text]")) event.target.blur();
    else if (isTyped(event)) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = (event.shiftKey && shifted[key]) || actions[key];
    if (!action) return;
    event.preventDefault();
    if (action !== actions.p) player.pause();
    action();
  });
}

/** Whether a key belongs to the element that has the focus. */
function isTyped(event) {
  const element = event.target;
  if (!(element instanceof Element)) return false;
  if (element.closest("dialog")) return true;
  if (element.matches("select, textarea, input:not([type=checkbox])")) return true;
  return event.key === " " && element.matches("button, summary, input, a");
}

/** The list of keys, and what the config says, in a dialog. @param {HTMLElement} facts */
export function helpDialog(facts) {
  const rows = KEYS.flatMap(([key, what]) => [el("dt", {}, key), el("dd", {}, what)]);
  const element = el("dialog", { class: "help", "aria-label": "Keys" }, el("h2", {}, "Keys"), el("dl", { class: "keys" }, ...rows),
    el("p", {}, "Point at any number, name or equation to see where it comes from and where it is used; click to keep it. " +
      "In the picture orange is above 0 and blue below 0, where lines are dashed; stronger or wider is larger. " +
      "Drag a weight, an input or a target to change it, or type its number. A double click goes to an equation."),
    el("h2", {}, "The run"), facts, button("Close", "Close", () => element.close(), { class: "text" }));
  return { element, toggle: () => (element.open ? element.close() : element.showModal()) };
}
