/** The config with the numbers that a reader changed. */

import { exact } from "./format.js";

/**
 * @param {{text: string, places: Object<string, number[]>, sections: object[]}} source as `source.py` makes it
 * @param {object} engine with the changed numbers
 * @param {number|null} eta the chosen learning rate, where the config does not have it; otherwise null
 * @returns {string}
 */
export function changedYaml(source, engine, eta) {
  const places = [], sections = new Set(), others = [];
  for (const { name, sample, value } of engine.changes()) {
    const key = sample === null ? name : `${name}@${sample}`;
    if (Object.hasOwn(source.places, key)) places.push([source.places[key], exact(value)]);
    else if (sectionOf(name)) sections.add(sectionOf(name));
    else others.push(`${name}${sample === null ? "" : ` of sample ${sample}`}: ${exact(value)}`);
  }
  if (eta !== null && sectionOf("η")) sections.add(sectionOf("η"));
  else if (eta !== null) others.push(`learning_rate: ${exact(eta)}`);
  const anew = [...sections].map(({ span, key, value }) => [span, `${key}: ${written(value)}`]);
  const kept = places.filter(([place]) => !anew.some(([span]) => span[0] <= place[0] && place[1] <= span[1]));
  const characters = [...source.text];
  for (const [[from, to], text] of [...kept, ...anew].sort(([one], [other]) => other[0] - one[0])) {
    characters.splice(from, to - from, text);
  }
  const comments = others.map((other) => `# changed on the page, but not written as a number above: ${other}\n`);
  return `${characters.join("").trimEnd()}\n${comments.join("")}`;

  function sectionOf(name) {
    return source.sections.find(({ names }) => names.includes(name));
  }

  /** A value of a section in one line; samples have a line each. */
  function written(value) {
    if (typeof value === "string") return value;
    if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
    if (value.number) return number(value.number, null);
    if (value.numbers) return mapping(value.numbers, null);
    if (value.entries) return `{${value.entries.map(([key, part]) => `${key}: ${written(part)}`).join(", ")}}`;
    const rows = engine.data.samples.map((_, row) => {
      const parts = Object.entries(value.rows).map(([key, names]) => `${key}: ${mapping(names, row + 1)}`);
      return `\n    {${parts.join(", ")}}`;
    });
    return `[${rows.join(",")}]`;
  }

  function mapping(names, sample) {
    return `{${names.map((name) => `${name}: ${number(name, sample)}`).join(", ")}}`;
  }

  function number(name, sample) {
    if (name === "η" && eta !== null) return exact(eta);
    return exact(engine.current(name, engine.isData(name) ? sample ?? 1 : null));
  }
}
