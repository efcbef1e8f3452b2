/** Goes through the iterations of a program, one after the other, as the engine in Python does. */

import { Plan } from "./plan.js";

export class Walk {
  /** data: of `program.py`; samples: their values, a row a sample, in place of those of the data. */
  constructor(data, program, samples) {
    this.data = data;
    this.program = program;
    this.samples = samples;
    this.plan = new Plan(data.batches);
    this.several = data.batches.size > 1;
    this.next = new Float64Array(data.slots);
    this.computed = [...data.parameters, ...data.of_sample];
  }

  /** Compute an iteration (from 0).

      state: what it starts from; afterwards what the next one starts from. rows: an array of all slots for each row.
      Returns null, or where it stopped: the slot of the first quantity without a value, the number of rows that are
      part of the run, and whether it is the update that failed. */
  iterate(iteration, state, rows) {
    const taken = this.plan.taken(iteration), { program, next } = this;
    try {
      taken.forEach((sample, place) => this.#sample(sample, state, rows[place]));
      if (this.several) this.#shared(rows, taken.length);
    } catch (error) {
      return this.#stopped(error, taken, state, rows);
    }
    if (!this.#areFinite(rows, taken.length)) return this.#stopped(null, taken, state, rows);
    try {
      for (const part of program.update) part(rows[taken.length - 1], next);
    } catch (error) {
      return this.#stopped(error, taken, state, rows);
    }
    for (const slot of this.data.updated) state[slot] = next[slot];
    return null;
  }

  /** For how many rows of the pass the condition that ends a run has held, after the rows of an iteration. */
  held(before, iteration, rows) {
    let held = before, row = this.plan.firstRow(iteration);
    for (let place = 0; place < this.plan.taken(iteration).length; place++, row++) {
      if (row % this.plan.samples === 0) held = 0;
      held += this.#holds(rows[place]);
    }
    return held;
  }

  /** The loss of all samples for the parameters in a state; infinite where it has no value. */
  loss(state) {
    const row = new Float64Array(this.data.slots), losses = [];
    try {
      for (const values of this.samples) {
        row.set(state);
        row.set(values);
        for (const part of this.program.forward) part(row);
        losses.push(row[this.data.loss]);
      }
    } catch (error) {
      if (error !== this.program.noNumber) throw error;
      return Infinity;
    }
    const loss = this.program.reduce(losses);
    return Number.isFinite(loss) ? loss : Infinity;
  }

  #sample(sample, state, row) {
    row.set(state);
    row.set(this.samples[sample]);
    for (const part of this.program.forward) part(row);
    for (const part of this.program.backward) part(row);
  }

  /** What there is once for all rows: computed in the last one, and copied to the others. */
  #shared(rows, count) {
    const last = rows[count - 1];
    const of = slot => column(rows, count, slot);
    for (const part of this.program.shared) part(last, of);
    for (let place = 0; place < count - 1; place++) {
      for (const slot of this.data.of_batch) rows[place][slot] = last[slot];
    }
  }

  #areFinite(rows, count) {
    let total = 0;
    for (let place = 0; place < count; place++) {
      for (let slot = 0; slot < this.data.columns; slot++) total += rows[place][slot];
    }
    if (Number.isFinite(total)) return true;
    return rows.slice(0, count).every(row => row.subarray(0, this.data.columns).every(Number.isFinite));
  }

  #holds(row) {
    try {
      return this.program.holds(row) ? 1 : 0;
    } catch (error) {
      if (error !== this.program.noNumber) throw error;
      return 0;
    }
  }

  /** Go through an iteration again, up to the first quantity that has no finite value; NaN from there on. */
  #stopped(error, taken, state, rows) {
    const { data, program } = this, count = taken.length;
    if (error !== null && error !== program.noNumber) throw error;
    for (let place = 0; place < count; place++) {
      const row = rows[place];
      row.set(state);
      for (const slot of [...data.of_sample, ...data.of_batch]) row[slot] = NaN;
      row.set(this.samples[taken[place]]);
      const bad = firstBad([...program.forward, ...program.backward], row, undefined, this.computed);
      if (bad !== null) {
        for (let other = 0; other <= place; other++) fill(rows[other], data.of_batch);
        return { slot: bad, rows: place + 1, inUpdate: false };
      }
    }
    const last = rows[count - 1];
    const of = slot => column(rows, count, slot);
    const bad = firstBad(program.shared, last, of, data.of_batch);
    for (const row of rows.slice(0, count - 1)) {
      for (const slot of data.of_batch) row[slot] = last[slot];
    }
    if (bad !== null) return { slot: bad, rows: count, inUpdate: false };
    const next = Float64Array.from(state);
    for (const slot of data.updated) next[slot] = NaN;
    const broken = firstBad(program.update, last, next, data.parameters, next);
    return { slot: broken, rows: count, inUpdate: true };
  }
}

function column(rows, count, slot) {
  const values = new Float64Array(count);
  for (let place = 0; place < count; place++) values[place] = rows[place][slot];
  return values;
}

/** Call the parts, and fill the target with NaN from the first of these slots on whose value is not finite; that slot,
    or null. */
function firstBad(parts, row, argument, slots, target = row) {
  try {
    for (const part of parts) part(row, argument);
  } catch {
    // the first quantity that is missing says where
  }
  const first = slots.findIndex(slot => !Number.isFinite(target[slot]));
  if (first < 0) return null;
  fill(target, slots.slice(first));
  return slots[first];
}

function fill(row, slots) {
  for (const slot of slots) row[slot] = NaN;
}
