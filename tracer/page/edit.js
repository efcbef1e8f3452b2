/** Numbers that a reader changes, by typing or by dragging; what is changed is marked, and can be given back. */

import { attribute, button, el, text } from "./dom.js";
import { exact, typed } from "./format.js";

const [DRAG, FINE] = [4, 0.1];

/**
 * @param {object} page what the views share, see main.js
 */
export function editing(page) {
  const { engine, content } = page;
  const nameOf = (slot) => content.quantities[slot].name;
  const sampleOf = (slot) => (content.quantities[slot].phase === "data" ? page.moment().sample : null);

  function set(slot, value) {
    engine.set(nameOf(slot), value, sampleOf(slot));
  }
  function giveBack(slot) {
    if (slot !== undefined && canChange(slot)) set(slot, null);
  }
  function canChange(slot) {
    return slot !== undefined && engine.canChange(nameOf(slot));
  }

  /** A field for the number that a run starts from, with a button that gives the config's back. */
  function editor(slot) {
    const given = () => engine.given(nameOf(slot), sampleOf(slot));
    const isParameter = page.isParameter(slot);
    const label = isParameter ? "starts from" : "is given as";
    let refused = null;  // what was typed and is no number
    const field = el("input", { type: "text", inputmode: "decimal", size: 12, oninput: () => { refused = null; show(); }, "aria-label": `${nameOf(slot)} ${label}`, onchange: () => {
      const value = typed(field.value);
      refused = Number.isFinite(value) ? null : field.value;
      if (refused === null) set(slot, value);
      field.value = exact(engine.current(nameOf(slot), sampleOf(slot)));
      show();
    } });
    const back = button("Give the config's number back (Delete)", "undo", () => giveBack(slot), { class: "back" });
    const was = el("span", { class: "was", role: "status" });
    const element = el("div", { class: "editor" }, el("dt", {}, label), el("dd", {}, field, back, was));
    function show() {
      const value = engine.current(nameOf(slot), sampleOf(slot));
      const isChanged = value !== given();
      if (document.activeElement !== field) field.value = exact(value);
      element.classList.toggle("changed", isChanged);
      attribute(back, "hidden", !isChanged);
      attribute(field, "aria-invalid", refused === null ? null : "true");
      text(was, refused !== null ? `“${refused.trim().slice(0, 20)}” is not a number` : isChanged ? `config: ${exact(given())}` : "");
    }
    return { element, show };
  }

  /** Let numbers that can be changed be dragged to the left and to the right; with Shift in finer steps. */
  function draggable(root) {
    let drag = null;
    root.addEventListener("pointerdown", (event) => {
      const slot = page.slotAt(event.target);
      if (event.button !== 0 || !canChange(slot)) return;
      const start = engine.current(nameOf(slot), sampleOf(slot));
      drag = { slot, start, x: event.clientX, y: event.clientY, id: event.pointerId, moved: false, step: stepOf(start) };
    });
    root.addEventListener("pointermove", (event) => {
      if (!drag || event.pointerId !== drag.id) return;
      const by = event.clientX - drag.x;
      if (!drag.moved && Math.abs(by) < DRAG) return;
      if (!drag.moved) root.setPointerCapture(drag.id);
      drag.moved = true;
      page.state.update({ quantity: nameOf(drag.slot) });
      set(drag.slot, moved(drag.start, by, drag.step * (event.shiftKey ? FINE : 1)));
    });
    const end = () => {
      if (drag?.moved) root.addEventListener("click", (event) => event.stopPropagation(), { capture: true, once: true });
      drag = null;
    };
    // A finger that begins on a number and moves to the side drags it; otherwise it moves the picture.
    root.addEventListener("touchmove", (event) => {
      if (!drag || !event.cancelable) return;
      const { clientX, clientY } = event.touches[0];
      if (drag.moved || Math.abs(clientX - drag.x) > Math.abs(clientY - drag.y)) event.preventDefault();
    }, { passive: false });
    root.addEventListener("pointerup", end);
    root.addEventListener("pointercancel", end);
  }

  /** What says that numbers are changed, and what can be done then. */
  function bar() {
    const words = el("span", {});
    const element = el("div", { class: "changes", role: "status", hidden: true }, words,
      button("Give all numbers of the config back", "Give all back", reset, { class: "text" }),
      page.yaml ? button("Copy the changed config as YAML", "Copy as YAML", () => page.copy(page.yaml(), "The config"), { class: "text" }) : null);
    function reset() {
      if (page.newRate() !== null) page.state.update({ eta: engine.data.etas[0] });
      engine.reset();
    }
    function show(moment) {
      const names = [...new Set(moment.changes.map((change) => change.name))];
      if (page.newRate() !== null) names.push("η");
      attribute(element, "hidden", !names.length);
      text(words, `Changed: ${names.slice(0, 6).join(", ")}${names.length > 6 ? ` and ${names.length - 6} more` : ""}`);
    }
    return { element, show };
  }

  return { editor, draggable, giveBack, canChange, bar };
}

/** How much a number changes when it is dragged by a pixel: a hundredth of its size. */
export function stepOf(value) {
  return value === 0 ? 0.01 : 10 ** (Math.floor(Math.log10(Math.abs(value)) + 1e-9) - 1) / 2;
}

/** A number that was dragged, with no more digits than its steps have. */
export function moved(start, by, step) {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step)) + 1);
  return decimals > 20 ? start + by * step : Number((start + by * step).toFixed(decimals));
}
