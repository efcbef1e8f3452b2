/** The config with the numbers that a reader changed. */

import { exact } from "./format.js";

/**
 * @param {{text: string, settings: string[], places: Object<string, number[]>}} source as `source.py` makes it
 * @param {{name: string, sample: number|null, value: number, given: number}[]} changes
 * @param {number|null} eta the chosen learning rate, where the config does not have it; otherwise null
 * @returns {string}
 */
export function changedYaml(source, changes, eta) {
  const edits = [];
  const others = [];
  for (const { name, sample, value } of changes) {
    const place = source.places[sample === null ? name : `${name}@${sample}`];
    if (place) edits.push([place, exact(value)]);
    else others.push(`${name}${sample === null ? "" : ` of sample ${sample}`}: ${exact(value)}`);
  }
  if (eta !== null && source.places["η"]) edits.push([source.places["η"], exact(eta)]);
  else if (eta !== null) others.push(`learning_rate: ${exact(eta)}`);
  const characters = [...source.text];
  for (const [[from, to], written] of edits.sort(([one], [other]) => other[0] - one[0])) {
    characters.splice(from, to - from, written);
  }
  const comments = [
    ...source.settings.map((setting) => `# run with --set ${setting}`),
    ...others.map((other) => `# changed on the page, but not written as a number above: ${other}`),
  ];
  return `${characters.join("").trimEnd()}\n${comments.map((line) => `${line}\n`).join("")}`;
}
