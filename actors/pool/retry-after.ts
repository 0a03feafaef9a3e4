// How long an upstream asks to wait.

interface RefusedAnswer {
  header(name: string): string | null | undefined;
  /** Parsed JSON. */
  body?: unknown;
}

/** Later than this, a number of seconds since 1970 is one of milliseconds. */
const secondsMax = 100_000_000_000;

/**
 * In ms, 0 or more; undefined when the answer does not say, or says nonsense. `retry-after-ms` counts before `Retry-After`
 * (seconds, fractions, or a date), and a header before the reset that a body names. Not limited: the rules of a pool are.
 */
export function retryAfterOf({ header, body }: RefusedAnswer, nowMs: number): number | undefined {
  const ms = numberOf(header("retry-after-ms"));
  if (ms !== undefined) return ms;
  const retryAfter = header("retry-after");
  const seconds = numberOf(retryAfter);
  if (seconds !== undefined) return seconds * 1_000;
  return waitUntil(dateOf(retryAfter), nowMs) ?? resetOf(body, nowMs);
}

function numberOf(text: string | null | undefined): number | undefined {
  return /^\d+(\.\d+)?$/.test(text?.trim() ?? "") ? Number(text) : undefined;
}

/** A date of HTTP or ISO 8601. `Date.parse` alone takes "-3" for a year. */
function dateOf(text: string | null | undefined): number | undefined {
  if (!/^([A-Za-z]{3,9},? |\d{4}-\d\d-\d\d)/.test(text?.trim() ?? "")) return undefined;
  const atMs = Date.parse(text ?? "");
  return Number.isNaN(atMs) ? undefined : atMs;
}

function waitUntil(atMs: number | undefined, nowMs: number): number | undefined {
  return atMs === undefined ? undefined : Math.max(0, atMs - nowMs);
}

/** `resets_in_seconds` or `resets_at` (since 1970), at the top or in `error`. */
function resetOf(body: unknown, nowMs: number): number | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { resets_in_seconds: inSeconds, resets_at: at, error } = body as Record<string, unknown>;
  if (isTime(inSeconds)) return inSeconds * 1_000;
  if (isTime(at)) return waitUntil(at < secondsMax ? at * 1_000 : at, nowMs);
  return resetOf(error, nowMs);
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
