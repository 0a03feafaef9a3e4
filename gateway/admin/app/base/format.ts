// Numbers and times as people read them. Pure: the language is given.

/** 1,234 */
export function formatCount(language: string, n: number): string {
  return new Intl.NumberFormat(language).format(n);
}

/** 1,234, and from 10,000 on 12.3K */
export function formatShort(language: string, n: number): string {
  if (Math.abs(n) < 10_000) return formatCount(language, n);
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(n);
}

/** Dollars: cents, and below ten dollars as many digits as a request of a small model costs. */
export function formatMoney(language: string, dollars: number): string {
  const digits = dollars !== 0 && Math.abs(dollars) < 0.01 ? 6 : Math.abs(dollars) < 10 ? 4 : 2;
  const fraction = { minimumFractionDigits: dollars === 0 ? 2 : Math.min(4, digits), maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    ...fraction,
  }).format(dollars);
}

/** 98.2%, and 100% only when nothing is missing. */
export function formatShare(language: string, share: number): string {
  const shown = share < 1 ? Math.min(share, 0.9999) : share;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: share > 0.995 ? 2 : 1 }).format(
    shown,
  );
}

export function formatTime(language: string, iso: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(iso));
}

/** Without the year: of lists of the last days. */
export function formatShortTime(language: string, iso: string): string {
  const day = { month: "short", day: "numeric" } as const;
  const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
  return new Intl.DateTimeFormat(language, { ...day, ...clock }).format(new Date(iso));
}

export function formatDate(language: string, iso: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(iso));
}

const units = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** “5 minutes ago”, “in 3 days” */
export function formatRelative(language: string, iso: string, nowMs: number): string {
  const ms = Date.parse(iso) - nowMs;
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const [unit, unitMs] = units.find(([, size]) => Math.abs(ms) >= size) ?? (["second", 1_000] as const);
  return words.format(Math.trunc(ms / unitMs), unit);
}

/** A period's place on the axis of a chart. Days are UTC days. */
export function formatPeriod(language: string, iso: string, isHour: boolean): string {
  const options = isHour
    ? ({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const)
    : ({ month: "short", day: "numeric" } as const);
  return new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(new Date(iso));
}
