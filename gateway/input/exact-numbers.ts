// Numbers of JSON that a double does not keep: they would come back as other numbers. The scan is written by hand and skips
// strings by `indexOf`: regular expressions took longer than JSON.parse on bodies full of numbers or punctuation.

/** Whether each number in the text, which is valid JSON, comes back as the number that it says. */
export function hasExactNumbers(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === quote) at = endOfString(text, at);
    else if (isDigit(unit)) {
      const end = endOfNumber(text, at);
      if (!isShort(text, at, end) && !isExact(text.slice(at, end))) return false;
      at = end - 1;
    }
  }
  return true;
}

/** Doubles written with 17 digits, as some clients do, are the same doubles again, though not the same digits. */
const maxDoubleDigits = 17;

/** `source` as it stands in JSON. */
export function isExact(source: string): boolean {
  const value = Number(source);
  const [written, kept] = [decimalOf(source), decimalOf(String(value))];
  if (written.digits === kept.digits && (written.digits === "" || written.exponent === kept.exponent)) return true;
  const isInteger = written.exponent >= 0;
  return !isInteger && Number.isFinite(value) && value !== 0 && written.digits.length <= maxDoubleDigits;
}

/** Its digits without zeros at the ends, and the power of ten of the last one: 0.120e2 is 12 and 0. */
function decimalOf(text: string): { digits: string; exponent: number } {
  const [, whole = "", fraction = "", power = "0"] =
    /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  return { digits, exponent: Number(power) - fraction.length + all.length - digits.length };
}

const quote = 34;
const backslash = 92;
const isDigit = (unit: number): boolean => unit >= 48 && unit <= 57;
const isExponent = (unit: number): boolean => unit === 101 || unit === 69; // e, E
const isOfNumber = (unit: number): boolean =>
  isDigit(unit) || isExponent(unit) || unit === 46 || unit === 43 || unit === 45; // . + -

/** Without an exponent a double keeps this many digits, wherever the point stands. */
const exactDigits = 15;

function isShort(text: string, start: number, end: number): boolean {
  if (end - start > exactDigits) return false;
  for (let at = start; at < end; at += 1) if (isExponent(text.charCodeAt(at))) return false;
  return true;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  for (let unit = text.charCodeAt(end); isOfNumber(unit); unit = text.charCodeAt(end)) end += 1;
  return end;
}

/** Where the closing quote stands: one with no backslash, or an even count of them, before it. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
}
