// Times and counts as people read them. Pure: the language and the present are given.

const dayMs = 86_400_000;

/** 14:05 */
export function formatClock(language: string, atMs: number): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(atMs);
}

/** Of a list: the time of today, the weekday of this week, else the date. */
export function formatListTime(language: string, atMs: number, nowMs: number): string {
  const days = daysBetween(atMs, nowMs);
  if (days <= 0) return formatClock(language, atMs);
  if (days < 7) return new Intl.DateTimeFormat(language, { weekday: "short" }).format(atMs);
  const isThisYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
  const year = isThisYear ? ({} as const) : ({ year: "2-digit" } as const);
  return new Intl.DateTimeFormat(language, { month: "numeric", day: "numeric", ...year }).format(atMs);
}

/** Between messages of two days: today, yesterday, else the whole date. */
export function formatDay(language: string, atMs: number, nowMs: number): string {
  const days = daysBetween(atMs, nowMs);
  if (days === 0 || days === 1) {
    const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(-days, "day");
    return words.charAt(0).toLocaleUpperCase(language) + words.slice(1);
  }
  const year = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(language, { weekday: "long", month: "long", day: "numeric", year }).format(atMs);
}

/** The date and the time, for a tooltip. */
export function formatMoment(language: string, atMs: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }).format(atMs);
}

export function isSameDay(aMs: number, bMs: number): boolean {
  return startOfDay(aMs) === startOfDay(bMs);
}

/** 99+ from 100 on. */
export function formatBadge(count: number): string {
  return count > 99 ? "99+" : String(count);
}

/** 1.4MB */
export function formatBytes(language: string, bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = Math.min(units.length - 1, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1_024)));
  const style = { style: "unit", unit: units[step]!, unitDisplay: "narrow", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, style).format(bytes / 1_024 ** step);
}

/** 1:07 */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Days of the calendar, not spans of 24 hours. */
function daysBetween(fromMs: number, toMs: number): number {
  return Math.round((startOfDay(toMs) - startOfDay(fromMs)) / dayMs);
}

function startOfDay(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0);
}
