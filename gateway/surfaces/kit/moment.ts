// Times in requests of the surfaces: ISO 8601, a date, or a number of ms or seconds since 1970.
import { invalidField } from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";

export const optionalMoment = {
  type: "multi",
  optional: true,
  rules: [
    { type: "string", min: 1, max: 40 },
    { type: "number", min: 0, max: 8_640_000_000_000_000 },
  ],
} as const;

const dayMs = 86_400_000;

/** Throws common.invalid. `ends`: a date without a time means its end. */
export function momentIn(field: string, given: string | number | undefined, ends?: "ends"): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "number") return Math.floor(msOfWireTime(given));
  if (/^\d{1,16}$/.test(given)) return msOfWireTime(Number(given));
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(given);
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(given) ? Date.parse(given) : Number.NaN;
  if (!Number.isFinite(atMs) || atMs < 0) throw invalidField(field, "a time, as ISO 8601 or ms since 1970");
  return isDate && ends ? atMs + dayMs : atMs;
}
