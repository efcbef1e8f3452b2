/** Numbers as text. The engine computes with all digits; these are for the eye. */

/** What is said of a number to those who cannot see that there is none. */
export const UNKNOWN = "not computed yet";

const DIGITS = 6;
const PLAIN_FROM = -4;
const PLAIN_BELOW = 6;
const LEAST = 1e-300;
const ROOM = 8;

/**
 * A number as a person writes it, with six significant digits: 0.15, −0.0275, 1.23457e−7. It is the text that the
 * workbook puts into its equations.
 * @param {number} value @param {boolean} [signed] a negative number needs no brackets @param {number} [digits]
 * @param {number} [plainFrom] the least power of ten that is written without an exponent
 */
export function written(value, signed = true, digits = DIGITS, plainFrom = PLAIN_FROM) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "—" : unwritten(value);
  const size = Math.abs(value);
  if (size < LEAST) return "0";
  const [mantissa, power] = size.toExponential(14).split("e");
  let shown = rounded(mantissa, digits);
  let exponent = Number(power);
  if (shown.length > 1 ? shown.startsWith("10") : shown === "10") [shown, exponent] = ["1", exponent + 1];
  const text =
    plainFrom <= exponent && exponent < PLAIN_BELOW ? shifted(shown, exponent) : `${shown}e${exponent}`;
  if (value > 0) return text;
  return signed ? `−${text}` : `(−${text})`;
}

/** A mantissa of fifteen digits, 1 ≤ m < 10, rounded half up to fewer, without zeros at its end; "10" where it reaches that. */
function rounded(mantissa, digits) {
  const all = mantissa.replace(".", "");
  const up = Number(all[digits]) >= 5 ? 1 : 0;
  const whole = String(Number(all.slice(0, digits)) + up).padStart(digits, "0");
  const point = whole.length - digits + 1;
  return trimmed(`${whole.slice(0, point)}.${whole.slice(point)}`);
}

function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0*$/, "") : text;
}

/** A mantissa with its point moved. */
function shifted(mantissa, exponent) {
  const digits = mantissa.replace(".", "");
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.padEnd(exponent + 1, "0");
  return trimmed(`${whole.slice(0, exponent + 1)}.${whole.slice(exponent + 1)}`);
}

function unwritten(value) {
  return Number.isNaN(value) ? "no number" : value > 0 ? "∞" : "−∞";
}

/** A number in a sentence or beside a drawing, with one minus sign wherever it stands: 1.23457e−7. */
export function inText(value, digits = DIGITS) {
  return written(value, true, digits).replace("e-", "e−");
}

/**
 * A result: nine decimals, as the published walkthroughs print them, or a power of ten.
 * @param {number} value @param {number|null} [decimals] to which it is rounded, where it is
 */
export function result(value, decimals = null) {
  if (!Number.isFinite(value)) return unwritten(value);
  const size = Math.abs(value);
  if (size === 0) return "0";
  const text = decimals !== null && size < 1e9 ? size.toFixed(decimals) : size >= 1e-4 && size < 1e3 ? size.toFixed(9) : size.toExponential(6).replace("e-", "e−").replace("e+", "e");
  return value < 0 ? `−${text}` : text;
}

/** A number that has little room: four significant digits, three before a power of ten. */
export function short(value) {
  if (Number.isNaN(value)) return "—";
  const size = Math.abs(value);
  const [power] = [size ? Math.floor(Math.log10(size) + 2e-5) : 0];
  return power < -3 || power >= 6 ? written(value, true, 3, 0).replace("e-", "e−") : written(value, true, 4);
}

/** The same where there is still less room. */
export function tight(value) {
  const text = short(value);
  return text.length > ROOM && Math.abs(value) < 1 ? written(value, true, 3) : text;
}

/** All digits, as they read back. */
export function exact(value) {
  return String(value);
}

/** A number that a person typed, with a decimal point or comma and any minus; NaN if it is none. */
export function typed(text) {
  const plain = text.trim().replace(/[−–]/g, "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}
