/** What the reader has chosen, kept in the address: #eta=0.5&iteration=30&sample=2&quantity=∂E/∂w5&w5=0.3&i1@2=0.4 */

const SWITCHES = ["log", "quiz"];
const RESERVED = new Set(["eta", "iteration", "sample", "line", "quantity", ...SWITCHES]);
const PAUSE = 120;  // milliseconds; browsers limit how often an address may change

export class State {
  /** window: with its `location` and `history`; lines: how many equations the page shows. */
  constructor(engine, window, lines) {
    this.engine = engine;
    this.window = window;
    this.lines = lines;
    this.listeners = [];
    this.#read();
    window.addEventListener("hashchange", () => { this.#read(); this.#tell(); });
    engine.addEventListener("change", () => this.#write());
  }

  /** eta, or null where there is no constant learning rate; iteration, from 1; sample, from 1, or null for the first one
      of the iteration; line, an equation, or null for the whole step; quantity, a name or null; log,
      null where it is not chosen; quiz. */
  get() {
    return { ...this.now };
  }

  update(patch) {
    this.now = { ...this.now, ...patch };
    this.#write();
    this.#tell();
  }

  subscribe(listener) {
    this.listeners.push(listener);
  }

  #tell() {
    for (const listener of this.listeners) listener(this.get());
  }

  #read() {
    const { chosen, changes } = parse(this.window.location.hash, this.engine, this.lines);
    this.now = { ...initial(this.engine), ...chosen };
    this.engine.replace(changes);
  }

  #write() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      const hash = format(this.now, this.engine);
      try {
        this.window.history.replaceState(null, "", hash || "#");
      } catch {
        // a sandboxed frame has no address of its own
      }
    }, PAUSE);
  }
}

function initial(engine) {
  return { eta: engine.data.etas[0] ?? null, iteration: 1, sample: null, line: null, quantity: null, log: null, quiz: false };
}

/** What an address says: the choices that hold for these runs, and the changed numbers. The rest is ignored. */
export function parse(hash, engine, lines) {
  const { data } = engine, chosen = {}, changes = [];
  const read = {
    eta: text => data.eta !== null && take(chosen, "eta", number(text), eta => eta >= 0),
    iteration: text => take(chosen, "iteration", whole(text), at => at >= 1 && at <= data.iterations),
    sample: text => take(chosen, "sample", whole(text), at => at >= 1 && at <= data.batches.samples),
    line: text => take(chosen, "line", whole(text), at => at >= 0 && at < lines),
    quantity: text => take(chosen, "quantity", known(text, data), name => name !== null),
  };
  for (const name of SWITCHES) read[name] = text => { chosen[name] = text === "1"; };
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [key, text] = part.split("=").map(decoded);
    if (text === undefined) continue;
    if (Object.hasOwn(read, key)) read[key](text);
    else changes.push(...changed(key, text, engine));
  }
  if (chosen.quiz) chosen.line ??= 0;
  if (chosen.sample && !chosen.iteration) {
    const from1 = Array.from({ length: Math.min(data.batches.samples, data.iterations) }, (_, index) => index + 1);
    chosen.iteration = from1.find(iteration => engine.samplesOf(iteration).includes(chosen.sample)) ?? 1;
  }
  return { chosen, changes };
}

/** The address of choices and changed numbers: what differs from the beginning. */
export function format(chosen, engine) {
  const plain = initial(engine), parts = [];
  for (const [key, value] of Object.entries(chosen)) {
    if (value === plain[key]) continue;
    parts.push(`${key}=${encoded(SWITCHES.includes(key) ? Number(value) : value)}`);
  }
  for (const { name, sample, value } of engine.changes()) {
    const key = RESERVED.has(name) || name.startsWith(".") ? `.${name}` : name;
    const place = sample === null || engine.data.samples.length === 1 ? "" : `@${sample}`;
    parts.push(`${encoded(key)}${place}=${value}`);
  }
  return parts.length ? `#${parts.join("&")}` : "";
}

function changed(key, text, engine) {
  const { data } = engine, [, plain, place] = /^\.?(.*?)(?:@(\d+))?$/s.exec(key);
  const name = known(plain, data), value = number(text);
  if (name === null || value === null || !engine.canChange(name)) return [];
  if (!engine.isData(name)) return [{ name, sample: null, value }];
  const sample = place === undefined ? 1 : whole(place);
  return sample >= 1 && sample <= data.samples.length ? [{ name, sample, value }] : [];
}

/** The name of a quantity that is spelled so, also in ASCII: dE/dw5; null if there is none. */
function known(text, data) {
  if (data.names.includes(text)) return text;
  return data.names.find(name => name !== null && ascii(name, data) === text) ?? null;
}

function ascii(name, data) {
  return [...name].map(character => data.ascii[character] ?? character).join("");
}

function take(chosen, key, value, holds) {
  if (value !== null && holds(value)) chosen[key] = value;
}

function number(text) {
  const value = Number(text);
  return text.trim() !== "" && Number.isFinite(value) ? value : null;
}

function whole(text) {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function encoded(value) {
  return String(value).replace(/[%&=#+@\s"<>`\\]/g, encodeURIComponent);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
