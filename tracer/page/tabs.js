/** Panels behind each other, one of which is seen. */

import { attribute, el } from "./dom.js";

/**
 * @param {{title: string, element: HTMLElement, show: function(...any): void}[]} panels the first is seen at first
 * @param {function(): void} changed called when another is chosen @param {HTMLElement} beside what stands beside the tabs
 * @returns {{element: HTMLElement, show: function(...any): void}}
 */
export function tabsOf(panels, changed, beside) {
  let chosen = 0;
  const tabs = panels.map(({ title }, number) => el("button", {
    type: "button", role: "tab", id: `tab-${number}`, "aria-controls": `panel-${number}`, onclick: () => choose(number), onkeydown: (event) => move(event, number),
  }, title));
  const bodies = panels.map(({ element }, number) => el("div", { role: "tabpanel", id: `panel-${number}`, "aria-labelledby": `tab-${number}` }, element));
  const list = el("div", { role: "tablist" }, ...tabs);
  const element = el("div", { class: "tabbed" }, el("div", { class: "tabs" }, list, beside), ...bodies);
  mark();

  function mark() {
    tabs.forEach((tab, number) => {
      attribute(tab, "aria-selected", String(number === chosen));
      tab.tabIndex = number === chosen ? 0 : -1;
      bodies[number].classList.toggle("away", number !== chosen);
    });
  }
  function choose(number) {
    chosen = number;
    mark();
    changed();
  }
  function move(event, number) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.shiftKey) return;
    const to = (number + by + panels.length) % panels.length;
    choose(to);
    tabs[to].focus();
    event.preventDefault();
    event.stopPropagation();
  }
  return { element, show: (...what) => panels[chosen].show(...what), showAll: (...what) => panels.forEach((panel) => panel.show(...what)) };
}
