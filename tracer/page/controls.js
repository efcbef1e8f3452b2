/** The top of the page: stepping, playing, the iteration, the sample, η, and what can be done with the whole. */

import { attribute, button, el, icon, text } from "./dom.js";
import { exact, short, typed } from "./format.js";

const SPEEDS = [["slow", 2400], ["medium", 1200], ["fast", 500], ["very fast", 150]];
const SLIDER = 1000;
const [BELOW, BEYOND] = [10, 2];
const LARGEST = 1e308;

/**
 * @param {object} page what the views share, see main.js
 * @returns {{element: HTMLElement, show: function(object): void}}
 */
export function controlsView(page) {
  const parts = [stepping(page), iteration(page), sample(page), rate(page), whole(page)].filter(Boolean);
  const element = el("div", { class: "controls", role: "toolbar", "aria-label": "Controls" }, ...parts.map((part) => part.element));
  return { element, show: (moment) => parts.forEach((part) => part.show(moment)) };
}

/** Buttons: start again, back, forth, the next block, play. */
function stepping(page) {
  const { go, player } = page;
  const play = button("Play (P)", "play", () => player.toggle(), { class: "play" });
  const speed = el("select", { "aria-label": "Speed", title: "Speed", onchange: () => player.pace(Number(speed.value)) },
    ...SPEEDS.map(([name, pace]) => el("option", { value: pace, selected: pace === 1200 }, name)));
  const element = el("div", { class: "control steps", role: "group", "aria-label": "Steps" },
    button("Start again (Home)", "start", go.start), button("Previous equation (←)", "back", go.back),
    button("Next equation (→ or Space)", "next", go.next, { class: "main" }), button("Next block (Shift →)", "block", go.block),
    button("Show the whole step (Esc)", "whole", go.whole), play, speed);
  function show() {
    const isPlaying = String(player.isPlaying());
    if (play.getAttribute("aria-pressed") !== isPlaying) play.replaceChildren(icon(player.isPlaying() ? "pause" : "play"));
    attribute(play, "aria-pressed", isPlaying);
  }
  return { element, show };
}

function iteration(page) {
  const field = el("input", { type: "text", inputmode: "numeric", size: 5, "aria-label": "iteration", onchange: () => {
    const value = typed(field.value);
    attribute(field, "aria-invalid", Number.isFinite(value) ? null : "true");
    if (Number.isFinite(value)) page.goTo({ iteration: Math.round(value) });
    field.value = page.moment().iteration;
  }, oninput: () => attribute(field, "aria-invalid", null) });
  const of = el("span", { class: "of" });
  const element = el("div", { class: "control" }, el("span", { class: "label" }, "iteration"),
    button("Previous iteration (↑)", "up", page.go.up), field, of, button("Next iteration (↓)", "down", page.go.down));
  function show(moment) {
    if (document.activeElement !== field || !field.matches(":focus-visible")) field.value = moment.iteration;
    text(of, `of ${moment.run.iterations.toLocaleString("en")}`);
  }
  return { element, show };
}

/** The sample, where there are several: of a batch one of its rows; otherwise the iteration of this pass that takes it. */
function sample(page) {
  const { engine } = page;
  const count = engine.data.batches.samples;
  if (count < 2) return null;
  const choice = el("select", { "aria-label": "sample", onchange: () => page.goToSample(Number(choice.value)) });
  const element = el("label", { class: "control" }, el("span", { class: "label" }, "sample"), choice);
  let shown = [];
  function show(moment) {
    const all = page.samplesNear(moment);
    const isOther = all !== shown && String(all) !== String(shown);
    if (isOther) choice.replaceChildren(...all.map((number) => el("option", { value: number }, String(number))));
    shown = all;
    choice.value = String(moment.sample);
  }
  return { element, show };
}

/** η: a slider over a logarithmic scale, and its number; the config's values are marks below it. */
function rate(page) {
  const { engine, state } = page;
  const given = engine.data.etas;
  if (!given.length) return null;
  const positive = given.filter((eta) => eta > 0);
  if (!positive.length) positive.push(1);
  const [least, most] = [Math.log(Math.min(...positive) / BELOW), Math.log(Math.max(...positive)) + Math.log(BEYOND)];
  const toSlider = (eta) => (SLIDER * (Math.max(Math.log(eta), least) - least)) / (most - least);
  const toRate = (at) => Number(Math.min(Math.exp(least + ((most - least) * at) / SLIDER), LARGEST).toPrecision(3));
  const slider = el("input", { type: "range", min: 0, max: SLIDER, step: 1, "aria-label": "learning rate η", oninput: () => {
    const near = given.find((eta) => Math.abs(toSlider(eta) - Number(slider.value)) < SLIDER / 100);
    state.update({ eta: near ?? toRate(Number(slider.value)) });
  } });
  const field = el("input", { type: "text", inputmode: "decimal", size: 7, "aria-label": "learning rate η", "data-quantity": "η",
    oninput: () => attribute(field, "aria-invalid", null), onchange: () => {
    const value = typed(field.value);
    const isRate = Number.isFinite(value) && value >= 0;
    attribute(field, "aria-invalid", isRate ? null : "true");
    if (isRate) state.update({ eta: value });
    field.value = exact(state.get().eta);
    page.refresh();
  } });
  const marks = el("div", { class: "marks" }, ...given.map((eta) => el("button", {
    type: "button", class: "mark", style: `--at:${toSlider(eta) / SLIDER}`, title: `η = ${short(eta)}`, tabindex: -1,
    "aria-label": `η = ${short(eta)}`, onclick: () => state.update({ eta }),
  })));
  const element = el("div", { class: "control rate" }, el("span", { class: "label" }, "η"), el("div", { class: "track" }, slider, marks), field);
  function show(moment) {
    slider.value = String(toSlider(moment.eta));
    attribute(slider, "aria-valuetext", short(moment.eta));
    attribute(field, "data-value", exact(moment.eta));
    if (document.activeElement !== field) field.value = exact(moment.eta);
    element.classList.toggle("changed", !given.includes(moment.eta));
    [...marks.children].forEach((mark, number) => attribute(mark, "data-chosen", given[number] === moment.eta));
  }
  return { element, show };
}

/** The quiz, the link, the keys. */
function whole(page) {
  const quiz = page.quiz && button("Quiz: compute the next result yourself (Q)", "Quiz", () => page.quiz.toggle(), { class: "text" });
  const link = button("Copy a link to what you see", "Link", () => page.copy(String(location.href), "The link"), { class: "text" });
  const keys = button("Keys (?)", "?", () => page.help.toggle());
  const element = el("div", { class: "control whole" }, quiz, link, keys);
  return { element, show: () => quiz && attribute(quiz, "aria-pressed", String(page.quiz.isOn())) };
}
