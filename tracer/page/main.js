/** The page: its parts, what they share, and what happens when something changes. */

import { blocksView } from "./blocks.js";
import { lossView } from "./charts.js";
import { columnOf } from "./column.js";
import { unpacked } from "./content.js";
import { controlsView } from "./controls.js";
import { detailsView } from "./details.js";
import { attribute, button, el, text } from "./dom.js";
import { editing } from "./edit.js";
import { finderOf } from "./finder.js";
import { exact } from "./format.js";
import { historiesView } from "./histories.js";
import { helpDialog, listen } from "./keys.js";
import { evaluator, momentsOf } from "./moment.js";
import { notationOf, spoken } from "./notation.js";
import { numbersOf } from "./numbers.js";
import { pictureView } from "./picture.js";
import { playerOf } from "./player.js";
import { quizOf } from "./quiz.js";
import { regionsView } from "./regions.js";
import { following, makers, nextBlock, operands, preceding, previousBlock, route, users } from "./steps.js";
import { tabsOf } from "./tabs.js";
import { changedYaml } from "./yaml.js";

/**
 * Build the page and keep it up to date.
 * @param {HTMLElement} root @param {object} engine @param {object} state @param {object} packed what is shown
 * @param {function[]} shapes
 */
export function start(root, engine, state, packed, shapes) {
  const content = unpacked(packed);
  const names = new Map(content.quantities.map((quantity, slot) => [quantity.name, slot]));
  const parameters = new Set(engine.data.parameters);
  const made = makers(content);
  const evaluate = evaluator(shapes);
  const momentAt = momentsOf(engine, content, evaluate, made);
  const steps = route(content.blocks);
  const derivationOf = new Map();
  for (const [slot, derivation] of Object.entries(content.derivations)) {
    derivationOf.set(Number(slot), Number(slot));
    derivationOf.set(derivation.gradient, Number(slot));
  }
  let [latest, isStale, told] = [null, true, ""];
  let [hovered, alight, waiting, version] = [undefined, [], false, 0];

  const notation = notationOf(content);
  const page = {
    content, engine, state, derivationOf, evaluate,
    toggleLog: () => views.loss.toggle(),
    firstLine: () => steps.shown[0],
    notation,
    numbers: numbersOf(content, new Set(engine.data.before.map(([slot]) => slot)), notation.supported),
    users: users(content),
    moment: now,
    version: () => version,
    isParameter: (slot) => parameters.has(slot),
    isConstant: (slot) => content.quantities[slot].phase === "data" || content.quantities[slot].phase === "",
    called: (slot) => `${content.quantities[slot].name}, ${content.quantities[slot].role}`,
    isChanged: (slot) => now().changes.some((change) =>
      names.get(change.name) === slot && (change.sample === null || change.sample === now().sample)),
    beside: (at, by) => momentAt({ ...state.get(), line: null, iteration: at.iteration + by }),
    slotAt: (element) => names.get(element.closest?.("[data-of]")?.dataset.of ?? element.closest?.("[data-quantity]")?.dataset.quantity),
    light, refresh, goTo, goToSample, samplesNear, copy, chip, pin,
  };
  page.player = playerOf(() => page.go.next() !== false, refresh);
  page.go = goes(page, steps);
  page.help = helpDialog(facts(content));
  page.newRate = () => (now().eta === null || engine.data.etas.includes(now().eta) ? null : now().eta);
  page.yaml = content.source.text ? () => changedYaml(content.source, engine, page.newRate()) : null;
  page.quiz = quizOf(page);
  const everyOne = Array.from({ length: engine.data.batches.samples }, (_, index) => index + 1);
  const edit = editing(page);
  page.editor = (slot) => edit.editor(slot);
  page.go.giveBack = () => edit.giveBack(subject());

  const views = { controls: controlsView(page), loss: lossView(page), picture: pictureView(page), blocks: blocksView(page) };
  const details = detailsView(page);
  const explained = el("div", {}, page.quiz.element, details.element);
  const panels = tabsOf([
    { title: "Explanation", element: explained, show: (moment, slot) => {
      page.quiz.element.hidden = !page.quiz.isOn() || moment.line === null;
      const isAsked = page.quiz.show(moment) && page.quiz.hides(moment.line);
      details.element.hidden = isAsked;
      if (!isAsked) details.show(moment, slot);
    } },
    ...(content.charts.length ? [{ title: "Over the iterations", ...historiesView(page) }] : []),
    ...(content.regions ? [{ title: "Decision regions", ...regionsView(page) }] : []),
  ], () => { refresh(); page.reveal(); }, finderOf(page));
  const changes = edit.bar();
  const live = el("p", { class: "unseen", "aria-live": "polite" });
  const where = el("p", { class: "where" });
  const notice = el("p", { class: "notice", role: "status" });
  const stopped = el("p", { class: "stopped", role: "status" });
  const failed = el("p", { class: "stopped", role: "alert" });
  const column = columnOf(el("section", { class: "panel of-picture", "aria-label": "Picture" }, views.picture.element),
    el("section", { class: "panel of-details scrolls", "aria-label": "Details" }, panels.element));
  page.reveal = column.reveal;
  root.append(
    el("header", {}, el("h1", {}, content.name), where, views.controls.element),
    el("section", { class: "panel of-loss", "aria-label": "Loss" }, views.loss.element, changes.element, stopped, failed),
    el("main", {},
      column.element,
      el("section", { class: "panel of-blocks scrolls", "aria-label": "Equations" }, views.blocks.element)),
    el("footer", {}, facts(content)), live, notice, page.help.element);
  edit.draggable(views.picture.element);
  point(root);
  listen(page);
  state.subscribe(refresh);
  engine.addEventListener("change", () => { version++; refresh(); });
  addEventListener("beforeprint", () => panels.showAll(now(), subject()));
  render();

  /** What the state and the numbers give, whether it is drawn already or not. */
  function now() {
    if (isStale) latest = momentAt(state.get(), page.quiz.hides);
    isStale = false;
    return latest;
  }

  function refresh() {
    isStale = true;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; render(); });
  }

  /** Show the moment. A part that fails leaves the others as they are to be, and says so. */
  function render() {
    const parts = {
      "The equations": () => { page.numbers.show(now(), "blocks"); views.blocks.show(now()); },
      "The picture": () => {
        page.numbers.show(now(), "picture");
        views.picture.show(now(), lit(), now().line === null ? null : content.lines[now().line].quantity);
      },
      "The controls": () => { views.controls.show(now()); changes.show(now()); },
      "The loss": () => views.loss.show(now()),
      "The explanation": () => panels.show(now(), subject()),
      "The summary": summarize,
    };
    const broken = Object.entries(parts).flatMap(([name, show]) => failure(name, show));
    text(failed, broken.length ? `${broken.join("; ")}. Go on with other numbers, or load the page anew.` : "");
  }

  function summarize() {
    const moment = now();
    text(where, placed(moment, engine.data.batches.samples));
    const { divergence } = moment.run;
    text(stopped, divergence ? content.stopped.replace("{iteration}", divergence.iteration)
      .replace("{quantity}", () => page.notation.text(divergence.quantity)) : leftOut(engine.data));
    const at = `${moment.line} ${moment.iteration}`;
    if (at !== told) text(live, announced());
    told = at;
  }

  /** What the reader looks at: what is pointed at, what is pinned, what was computed last. */
  function subject() {
    return hovered ?? names.get(state.get().quantity) ?? (now().line === null ? content.focus : content.lines[now().line].quantity);
  }

  function lit() {
    const found = new Set(alight);
    if (hovered !== undefined) found.add(hovered);
    const { line } = now();
    if (line !== null) operands(content, content.lines[line].expression).forEach((slot) => found.add(slot));
    return found;
  }

  function announced() {
    const row = views.blocks.rows.get(now().line);
    if (!row) return `iteration ${now().iteration}`;
    return [...row.children].map((part) => [...part.children].map((one) => spoken(one)).join(" ")).join(" ");
  }

  function light(slots) {
    alight = slots;
    refresh();
  }

  function goTo({ iteration, line }) {
    const to = Math.max(1, Math.min(iteration ?? state.get().iteration, now().run.iterations));
    state.update(line === undefined ? { iteration: to } : { iteration: to, line });
  }

  /** The samples that can be chosen at a moment: those of the batch, or of the pass. */
  function samplesNear(at) {
    if (engine.data.batches.size > 1) return engine.samplesOf(at.iteration).toSorted((one, other) => one - other);
    return everyOne;
  }

  function goToSample(sample) {
    const { samples, size } = engine.data.batches;
    if (size > 1) return state.update({ sample });
    const moment = now();
    const first = moment.iteration - ((moment.iteration - 1) % samples);
    for (let iteration = first; iteration < first + samples && iteration <= moment.run.iterations; iteration++) {
      if (engine.samplesOf(iteration)[0] === sample) return goTo({ iteration });
    }
    return refresh();
  }

  function point(element) {
    const at = (event) => (event.target.closest(".of-details, .of-loss, header, dialog") ? undefined : page.slotAt(event.target));
    /** What is explained already stays so where its own explanation is clicked. */
    const clicked = (event) => {
      const slot = event.target.closest(".of-details") ? page.slotAt(event.target) : at(event);
      return event.target.closest(".of-details") && slot === subject() ? undefined : slot;
    };
    const hover = (slot) => {
      if (slot === hovered) return;
      hovered = slot;
      refresh();
    };
    element.addEventListener("mousedown", (event) => {
      if (!event.target.closest(".drawing, .line, .slider") || event.target.closest("input")) return;
      event.preventDefault();  // the focus, by which keys go from number to number, is for those who use no mouse
      document.activeElement?.blur();
    });
    element.addEventListener("pointerover", (event) => event.pointerType === "mouse" && hover(at(event)));
    element.addEventListener("pointerleave", () => hover(undefined));
    element.addEventListener("focusin", (event) => hover(event.target.matches(":focus-visible") ? at(event) : undefined));
    element.addEventListener("focusout", () => hover(undefined));
    element.addEventListener("click", (event) => !event.target.closest("button, input, select, summary") && keep(event, clicked(event)));
    element.addEventListener("dblclick", (event) => {
      const line = event.target.closest(".blocks .line");
      if (line) state.update({ line: Number(line.dataset.line) });
    });
    element.addEventListener("keydown", (event) => event.key === "Enter" && event.target.matches("[data-of]:not(.line)") && keep(event, at(event)));
  }

  function keep(event, slot) {
    if (slot === undefined) return;
    const { name } = content.quantities[slot];
    state.update({ quantity: state.get().quantity === name ? null : name });
    page.reveal();
    event.preventDefault();
  }

  /** A button that goes to a quantity. */
  function chip(slot) {
    const { name, phase } = content.quantities[slot];
    return el("button", { type: "button", class: "chip", "aria-label": page.called(slot), "data-of": name, "data-phase": phase, onclick: () => state.update({ quantity: name }) }, page.notation.name(slot));
  }

  /** A button that keeps a quantity in the details, whatever is pointed at. */
  function pin(slot) {
    const { name } = content.quantities[slot];
    const isPinned = () => state.get().quantity === name;
    const element = button("Keep this quantity here", "pin", () => state.update({ quantity: isPinned() ? null : name }), { class: "pin" });
    return { element, show: () => attribute(element, "aria-pressed", String(isPinned())) };
  }

  async function copy(what, called) {
    try {
      await navigator.clipboard.writeText(what);
      text(notice, `${called} is copied.`);
    } catch {
      const area = el("textarea", { readonly: true, rows: 12 }, what);
      const dialog = el("dialog", { class: "copy" }, area, button("Close", "Close", () => dialog.remove(), { class: "text" }));
      root.append(dialog);
      dialog.showModal();
      area.select();
    }
    setTimeout(() => text(notice, ""), 2500);
  }
}

/** Do something; what is said where it fails, in a list, otherwise an empty one. */
function failure(name, action) {
  try {
    action();
    return [];
  } catch (error) {
    console.error(error);
    return [`${name} cannot be shown here (${error.message})`];
  }
}

/** What the buttons and the keys do. */
function goes(page, steps) {
  const { state } = page;
  const at = (line) => state.update({ line });
  const on = (line) => {
    if (line !== undefined) return at(line);
    const moment = page.moment();
    if (moment.iteration >= moment.run.iterations) return false;
    return page.goTo({ iteration: moment.iteration + 1, line: steps.shown[0] });
  };
  const back = (line) => {
    if (line !== undefined) return at(line);
    const { iteration } = page.moment();
    return iteration > 1 ? page.goTo({ iteration: iteration - 1, line: steps.shown.at(-1) }) : false;
  };
  const line = () => page.moment().line;
  return {
    next: () => on(following(steps, line())),
    back: () => back(preceding(steps, line())),
    block: () => on(nextBlock(steps, line())),
    blockBack: () => back(previousBlock(steps, line())),
    down: () => page.goTo({ iteration: page.moment().iteration + 1 }),
    up: () => page.goTo({ iteration: page.moment().iteration - 1 }),
    start: () => page.goTo({ iteration: 1, line: null }),
    whole: () => state.update(line() === null ? { quantity: null } : { line: null }),
  };
}

/** What of the run this is, for a printed page. */
function placed({ iteration, run, sample, eta, changes }, samples) {
  const changed = changes.map((change) => `${change.name} = ${exact(change.value)}`);
  const of = `iteration ${iteration} of ${run.iterations}${samples > 1 ? `, sample ${sample}` : ""}`;
  return [of, ...(eta === null ? [] : [`η = ${exact(eta)}`]), ...(changed.length ? [`changed: ${changed.join(", ")}`] : [])].join("; ");
}

/** What a page cannot hold of a long run. */
function leftOut({ leftOut: left, iterations }) {
  if (!left) return "";
  return `The config runs ${left.iterations.toLocaleString("en")} iterations; this page computes the first ${iterations.toLocaleString("en")} of them.`;
}

/** What the config says. */
function facts(content) {
  const rows = Object.entries(content.facts).flatMap(([label, fact]) => [el("dt", {}, label), el("dd", {}, fact)]);
  return el("dl", { class: "facts" }, ...rows);
}
