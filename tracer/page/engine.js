/** The runs: of every η, from the given or from changed numbers. A run keeps its loss curve and checkpoints of what an
    iteration starts from; the rows that are looked at are computed anew from the checkpoint before them. */

import { Walk } from "./walk.js";

const BLOCK_VALUES = 200_000;  // between two checkpoints, as far as MOST_CHECKPOINTS allows
const MOST_CHECKPOINTS = 1000;
const LONGEST_BLOCK = 64;  // iterations
const KEPT_BLOCKS = 12, KEPT_RUNS = 24;

export class Engine extends EventTarget {
  constructor(data, program) {
    super();
    this.data = data;
    this.program = program;
    this.slotOf = new Map(data.names.map((name, slot) => [name, slot]));
    this.#begin();
    this.#forget();
  }

  /** A run: `rows`, of these `complete` ones; `iterations`, with one that stopped it; `divergence`, with the slot of the
      `quantity` and the `iteration` (from 1), or null; `untilMet`; `finalLoss`; `final`, what a further iteration would
      start from. eta: null where there is no constant learning rate. */
  run(eta = this.data.etas[0] ?? null) {
    return kept(this.runs, eta, KEPT_RUNS, () => this.#computed(eta));
  }

  /** The values of a row, by slot. */
  step(eta, row) {
    const run = this.run(eta), { plan } = this.walk;
    if (!(row >= 0 && row < run.rows)) throw new RangeError(`row ${row} of a run of ${run.rows} rows`);
    const iteration = plan.iteration(row), place = row - plan.firstRow(iteration);
    if (run.stopped && iteration === run.stopped.iteration) return run.stopped.rows[place];
    const block = Math.floor(iteration/run.every);
    const key = `${eta} ${block}`;
    const rows = kept(this.blocks, key, KEPT_BLOCKS, () => this.#block(run, block));
    return rows[row - plan.firstRow(block*run.every)];
  }

  /** What the iteration after that of a row starts from, by slot: the parameters after the update. */
  after(eta, row) {
    const run = this.run(eta), { plan } = this.walk, next = plan.firstRow(plan.iteration(row) + 1);
    return next < run.rows ? this.step(eta, next) : run.final;
  }

  /** The loss that charts show, by iteration. */
  curve(eta) {
    return this.run(eta).curve;
  }

  /** A quantity by iteration; of a batch, that of its first row. */
  series(eta, slot) {
    return this.seriesOf(eta, [slot])[0];
  }

  /** Several quantities by iteration. */
  seriesOf(eta, slots) {
    const run = this.run(eta), found = slots.map(() => new Float64Array(run.iterations));
    for (let iteration = 0; iteration < run.iterations; iteration++) {
      const row = this.step(eta, this.walk.plan.firstRow(iteration));
      slots.forEach((slot, index) => { found[index][iteration] = row[slot]; });
    }
    return found;
  }

  /** The iteration and the sample of a row, both from 1. */
  place(row) {
    const { plan } = this.walk, iteration = plan.iteration(row);
    return { iteration: iteration + 1, sample: plan.taken(iteration)[row - plan.firstRow(iteration)] + 1 };
  }

  /** The first row of an iteration (from 1). */
  firstRow(iteration) {
    return this.walk.plan.firstRow(iteration - 1);
  }

  /** The row of a sample in an iteration (both from 1); its first one where the iteration does not take the sample. */
  rowOf(iteration, sample) {
    const place = this.walk.plan.taken(iteration - 1).indexOf(sample - 1);
    return this.firstRow(iteration) + Math.max(0, place);
  }

  /** The samples of an iteration, both from 1. */
  samplesOf(iteration) {
    return this.walk.plan.taken(iteration - 1).map(sample => sample + 1);
  }

  /** Change a number: the start of a parameter, a hyper-parameter, an input or a target of a sample (from 1); null gives
      the config's back. Throws a RangeError for what cannot be changed. */
  set(name, value, sample = null) {
    const { values, slot } = this.#where(name, sample);
    if (value !== null && !Number.isFinite(value)) throw new RangeError(`${value} is not a number`);
    values[slot] = value ?? this.given(name, sample);
    this.#changed();
  }

  /** Give the numbers of the config back, except for these changes: name, sample or null, value. */
  replace(changes) {
    this.#begin();
    for (const { name, sample, value } of changes) {
      const { values, slot } = this.#where(name, sample);
      values[slot] = value;
    }
    this.#changed();
  }

  reset() {
    this.replace([]);
  }

  /** The number of the config. */
  given(name, sample = null) {
    const { values, slot } = this.#where(name, sample);
    return (values === this.start ? this.data.start : this.data.samples[sample - 1])[slot];
  }

  /** The number that runs start from. */
  current(name, sample = null) {
    const { values, slot } = this.#where(name, sample);
    return values[slot];
  }

  /** Whether a number of that name can be changed. */
  canChange(name) {
    return this.isData(name) || this.data.changeable.includes(this.slotOf.get(name));
  }

  /** Whether a name is that of an input or a target. */
  isData(name) {
    return this.slotOf.get(name) < this.samples[0].length;
  }

  /** What differs from the config: name, sample or null, value, given. */
  changes() {
    const { data } = this, found = [];
    for (const slot of data.changeable) {
      if (this.start[slot] !== data.start[slot]) found.push(changed(data.names[slot], null, this.start[slot], data.start[slot]));
    }
    this.samples.forEach((values, index) => values.forEach((value, slot) => {
      const given = data.samples[index][slot];
      if (value !== given) found.push(changed(data.names[slot], index + 1, value, given));
    }));
    return found;
  }

  #where(name, sample) {
    const slot = this.slotOf.get(name);
    if (!this.canChange(name)) throw new RangeError(`${name} is not a number that can be changed`);
    if (!this.isData(name)) return { values: this.start, slot };
    if (!this.samples[sample - 1]) throw new RangeError(`${name} needs a sample from 1 to ${this.samples.length}`);
    return { values: this.samples[sample - 1], slot };
  }

  #begin() {
    this.start = Float64Array.from(this.data.start, value => value ?? NaN);
    this.samples = this.data.samples.map(values => Float64Array.from(values));
  }

  #changed() {
    this.#forget();
    this.dispatchEvent(new Event("change"));
  }

  #forget() {
    this.walk = new Walk(this.data, this.program, this.samples);
    this.runs = new Map();
    this.blocks = new Map();
  }

  #computed(eta) {
    const { data, walk } = this, { plan, program } = walk;
    const width = data.slots, size = data.batches.size;
    const few = Math.min(LONGEST_BLOCK, Math.floor(BLOCK_VALUES/(width*size)));
    const every = Math.max(1, few, Math.ceil(data.iterations/MOST_CHECKPOINTS));
    const state = Float64Array.from(this.start);
    if (data.eta !== null && eta !== null) state[data.eta] = eta;
    const rows = emptyRows(width, size), checkpoints = [], curve = new Float64Array(data.iterations);
    let done = 0, held = 0, untilMet = false, stopped = null;
    for (; done < data.iterations && !untilMet; done++) {
      if (done % every === 0) checkpoints.push(Float64Array.from(state));
      const failure = walk.iterate(done, state, rows);
      curve[done] = rows[0][data.curve];
      if (failure) {
        stopped = { ...failure, iteration: done, rows: rows.slice(0, failure.rows) };
        break;
      }
      if (program.holds) {
        held = walk.held(held, done, rows);
        untilMet = held === plan.samples;
      }
    }
    const broken = stopped ? null : data.parameters.find(slot => !Number.isFinite(state[slot]));
    const divergence = stopped ? { quantity: stopped.slot, iteration: done + 1 + stopped.inUpdate }
      : broken !== undefined ? { quantity: broken, iteration: done + 1 } : null;
    const iterations = stopped ? done + 1 : done;
    const total = stopped ? plan.firstRow(done) + stopped.rows.length : plan.firstRow(done);
    return {
      eta, every, checkpoints, iterations, divergence, untilMet, stopped,
      rows: total,
      complete: divergence ? Math.min(total, plan.firstRow(divergence.iteration - 1)) : total,
      curve: curve.subarray(0, iterations),
      final: stopped ? new Float64Array(width).fill(NaN) : state,
      finalLoss: stopped ? NaN : walk.loss(state),
    };
  }

  /** The rows of the iterations from a checkpoint to the next one. */
  #block(run, block) {
    const { data, walk } = this, first = block*run.every;
    const end = Math.min(first + run.every, run.stopped ? run.stopped.iteration : run.iterations);
    const begin = walk.plan.firstRow(first), count = walk.plan.firstRow(end) - begin;
    const rows = emptyRows(data.slots, count), state = Float64Array.from(run.checkpoints[block]);
    for (let iteration = first; iteration < end; iteration++) {
      const at = walk.plan.firstRow(iteration) - begin;
      walk.iterate(iteration, state, rows.slice(at, walk.plan.firstRow(iteration + 1) - begin));
    }
    return rows;
  }
}

function emptyRows(width, count) {
  const values = new Float64Array(width*count);
  return Array.from({ length: count }, (_, row) => values.subarray(row*width, (row + 1)*width));
}

function changed(name, sample, value, given) {
  return { name, sample, value, given };
}

/** What a map has for a key, or what it gets; it forgets the oldest beyond so many. */
function kept(map, key, most, make) {
  const value = map.has(key) ? map.get(key) : make();
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value);
  return value;
}
