// Dates as files of accounts write them.

/** Later than this, a number of seconds since 1970 is one of milliseconds. */
const secondsMax = 100_000_000_000;
const maxDateMs = 8_640_000_000_000_000;

/**
 * In ms since 1970: seconds, milliseconds, or ISO 8601 with any zone; without a zone it is UTC. Undefined for no date at all, and
 * for the year 1, which some programs write for none; null for anything else.
 */
export function readDate(value: unknown): number | undefined | null {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "number") return ofNumber(value);
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return ofNumber(Number(text));
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return null;
  // A date alone is UTC for `Date.parse`, a date with a time is local.
  const hasTime = /^.{10}[T ]\d/.test(text);
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text);
  const atMs = Date.parse(hasTime && !hasZone ? `${text}Z` : text);
  if (Number.isNaN(atMs)) return null;
  return atMs < 0 ? undefined : atMs;
}

function ofNumber(value: number): number | undefined | null {
  if (!Number.isFinite(value) || value < 0) return null;
  if (value === 0) return undefined;
  const atMs = Math.floor(value < secondsMax ? value * 1_000 : value);
  return atMs <= maxDateMs ? atMs : null;
}
