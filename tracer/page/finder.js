/** A field that goes to a quantity by its name, also in ASCII: dE/dw5. */

import { el } from "./dom.js";
import { parse } from "./state.js";

const MOST_SUGGESTED = 400;

/**
 * @param {object} page what the views share, see main.js
 * @returns {HTMLElement}
 */
export function finderOf(page) {
  const { content, engine, state } = page;
  const names = content.quantities.slice(0, MOST_SUGGESTED).map(({ name }) => el("option", { value: name }));
  const list = el("datalist", { id: "names-of-quantities" }, ...names);
  const field = el("input", {
    type: "text", size: 12, list: list.id, placeholder: "quantity …", "aria-label": "Explain a quantity", onchange: go, spellcheck: "false", autocomplete: "off",
  });
  const element = el("div", { class: "finder" }, field, list);

  function go() {
    const text = field.value.trim();
    const { quantity } = parse(`#quantity=${encodeURIComponent(text)}`, engine).chosen;
    field.classList.toggle("unknown", Boolean(text) && !quantity);
    field.setAttribute("aria-invalid", String(Boolean(text) && !quantity));
    if (!quantity) return;
    field.value = "";
    field.blur();
    state.update({ quantity });
  }
  return element;
}
