// The calendars of time zones, from the data of ICU.
import type { Calendar, PeriodEnds } from "../../actors/account/ports.ts";
import { BoundedMap } from "../../actors/shared/bounded-map.ts";

/** Zones whose current day is remembered. */
const maxZones = 600;
const hourMs = 3_600_000;
/** The longest day and the longest month, with an hour for a change of daylight saving time, and one more. */
const longestDayMs = 26 * hourMs;
const longestMonthMs = 31 * 24 * hourMs + 2 * hourMs;

export function createCalendar(): Calendar {
  const zones = new BoundedMap<string, Zone>(maxZones);
  const zoneOf = (timeZone: string): Zone => {
    let zone = zones.get(timeZone);
    if (!zone) {
      zone = new Zone(timeZone);
      zones.set(timeZone, zone);
    }
    return zone;
  };
  return {
    isZone(timeZone) {
      try {
        zoneOf(timeZone);
        return true;
      } catch (error) {
        if (error instanceof RangeError) return false;
        throw error;
      }
    },
    endsOf: (timeZone, atMs) => zoneOf(timeZone).endsOf(atMs),
  };
}

class Zone {
  readonly #format: Intl.DateTimeFormat;
  /** The ends that hold from `fromMs` until the day ends. */
  #known: { fromMs: number; ends: PeriodEnds } | undefined;

  constructor(timeZone: string) {
    const parts = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
    this.#format = new Intl.DateTimeFormat("en-CA", { ...parts, timeZone, calendar: "iso8601" });
  }

  endsOf(atMs: number): PeriodEnds {
    const known = this.#known;
    if (known && atMs >= known.fromMs && atMs < known.ends.dayEndsAtMs) return known.ends;
    const ends = {
      dayEndsAtMs: this.#firstChange(atMs, longestDayMs, "day"),
      monthEndsAtMs: this.#firstChange(atMs, longestMonthMs, "month"),
    };
    this.#known = { fromMs: atMs, ends };
    return ends;
  }

  /** The first moment with another date. No midnight is computed: there are days without one. */
  #firstChange(atMs: number, longestMs: number, unit: "day" | "month"): number {
    const dateOf = (ms: number) => this.#format.format(ms).slice(0, unit === "day" ? undefined : -"-dd".length);
    const date = dateOf(atMs);
    let same = atMs;
    let other = atMs + longestMs;
    while (other - same > 1) {
      const middle = same + Math.floor((other - same) / 2);
      if (dateOf(middle) === date) same = middle;
      else other = middle;
    }
    return other;
  }
}
