/** A moment: one step of one run, how far the reader is in it, and every number that is known there. */

/**
 * @typedef {object} Moment
 * @property {number|null} eta of the run
 * @property {number} iteration from 1 @property {number} sample from 1 @property {number} row from 0
 * @property {boolean} several whether the run has several samples
 * @property {number|null} line the equation that the reader is at; null for the whole step
 * @property {function(number, number=): number} value of a slot, in this row or in one of the batch (−1: their sum)
 * @property {function(number): number} after a parameter's value after the update of this iteration
 * @property {function(number): boolean} known whether the reader has come to it
 * @property {function(number): boolean} reached whether the result of a line is seen
 * @property {function(number[]): number} compute an expression
 */

const TOTAL = -1;

/** What computes a shape from the values of its places; NaN where the formula has none. @param {function[]} shapes */
export function evaluator(shapes) {
  return (shape, args) => {
    try {
      return Number(shapes[shape](...args));
    } catch {
      return NaN;
    }
  };
}

/**
 * What makes moments of an engine.
 * @param {object} engine @param {object} content @param {function} evaluate see `evaluator`
 * @param {Map<number, number>} made by which line each quantity is computed
 */
export function momentsOf(engine, content, evaluate, made) {
  const derived = content.derived ?? {};
  let changes = null;
  engine.addEventListener("change", () => { changes = null; });

  /** hides: whether the result of a line is not to be seen. */
  return function momentAt(state, hides = () => false) {
    const { eta, line } = state;
    const hidden = hides(line) ? line : null;
    const run = engine.run(eta);
    const iteration = Math.max(1, Math.min(state.iteration, run.iterations));
    const first = engine.firstRow(iteration);
    const size = Math.max(1, Math.min(engine.samplesOf(iteration).length, run.rows - first));
    const row = Math.min(state.sample === null ? first : engine.rowOf(iteration, state.sample), first + size - 1);
    const rows = new Map();
    const found = new Map();
    const stepOf = (number) => {
      if (!rows.has(number)) rows.set(number, engine.step(eta, number));
      return rows.get(number);
    };
    const values = stepOf(row);
    let next = null;

    function value(slot, ofBatch) {
      if (ofBatch === TOTAL) return total(slot);
      if (slot === undefined) return size;
      const step = ofBatch === undefined || size === 1 ? values : stepOf(first + ofBatch);
      if (slot < step.length) return step[slot];
      if (!found.has(slot)) found.set(slot, compute(derived[slot].expression));
      return found.get(slot);
    }
    function total(slot) {
      let sum = 0;
      for (let number = 0; number < size; number++) sum += stepOf(first + number)[slot];
      return sum;
    }
    /** Of names that stand for all rows of a batch, the values in all of them. */
    function compute(reference) {
      const [shape, ...slots] = reference;
      const ofBatch = content.shapes[shape].batch ?? [];
      const args = slots.map((slot, place) =>
        ofBatch.includes(place) ? Array.from({ length: size }, (_, number) => value(slot, number)) : value(slot));
      return evaluate(shape, args);
    }
    function after(slot) {
      next ??= engine.after(eta, row);
      return next[slot];
    }
    const sampleOf = (ofBatch) => (ofBatch === TOTAL || size === 1 ? null : engine.place(first + ofBatch).sample);
    const known = (slot) => line === null || ((made.get(slot) ?? -1) <= line && (made.get(slot) ?? -1) !== hidden);
    const reached = (number) => line === null || (number <= line && number !== hidden);
    return {
      eta, run, iteration, first, size, row, line, sample: engine.place(row).sample, several: engine.data.batches.samples > 1, value, after, sampleOf, known, reached, compute,
      changes: (changes ??= engine.changes()),
    };
  };
}
