/** The order of a step's equations, and where the reader goes from one. Lines are numbered; null is the whole step. */

/**
 * The lines that can be stepped through, and the block of each.
 * @param {object[]} blocks
 */
export function route(blocks) {
  const shown = [];
  const blockOf = new Map();
  blocks.forEach((block, number) => {
    for (const group of block.groups) {
      const [first, last] = group.shown;
      for (let place = 0; place < group.count; place++) {
        blockOf.set(group.first + place, number);
        if (place < first || place >= group.count - last) shown.push(group.first + place);
      }
    }
  });
  return { shown, blockOf };
}

/** The next line; undefined after the last one. */
export function following(route, line) {
  return line === null ? route.shown[0] : route.shown.find((other) => other > line);
}

/** The line before; undefined before the first one. Before the whole step is its last line. */
export function preceding(route, line) {
  return line === null ? route.shown.at(-1) : route.shown.findLast((other) => other < line);
}

/** The first line of the next block; undefined after the last one. */
export function nextBlock(route, line) {
  if (line === null) return route.shown[0];
  return route.shown.find((other) => other > line && route.blockOf.get(other) > route.blockOf.get(line));
}

/** The first line of this block, or of the one before where that is the line itself; undefined before the first one. */
export function previousBlock(route, line) {
  if (line === null) return firstOf(route, route.shown.at(-1));
  const first = firstOf(route, line);
  if (first < line) return first;
  const before = preceding(route, line);
  return before === undefined ? undefined : firstOf(route, before);
}

function firstOf(route, line) {
  const block = route.blockOf.get(line);
  return route.shown.find((other) => route.blockOf.get(other) === block);
}

/** What each quantity waits for: the line that computes it; quantities that are given are missing. */
export function makers(content) {
  const found = new Map();
  content.lines.forEach((line, number) => {
    if (!line.update) found.set(line.quantity, number);
  });
  for (const [slot, derived] of Object.entries(content.derived ?? {})) {
    const needed = derived.line ?? Math.max(-1, ...derived.expression.slice(1).map((used) => found.get(used) ?? -1));
    found.set(Number(slot), needed);
  }
  return found;
}

/** The quantities that are seen in an expression. */
export function operands(content, [shape, ...slots]) {
  const { hidden } = content.shapes[shape];
  return hidden ? slots.filter((_, place) => !hidden.includes(place)) : slots;
}

/** The lines that use each quantity: slot → their numbers. */
export function users(content) {
  const found = new Map();
  content.lines.forEach((line, number) => {
    for (const slot of new Set(operands(content, line.expression))) {
      if (!found.has(slot)) found.set(slot, []);
      found.get(slot).push(number);
    }
  });
  return found;
}
