// J5.4: whose clock is wrong.

/** Of a host: its wall clock less CONTROL's, ms. */
export interface ClockOffset {
  readonly clockOffsetMs: number;
}

/**
 * A host is wrong when it is off by more than `maxMs`; but when all are, by the same, it is CONTROL's server that is: a
 * cluster does not stop for one server's clock. A host alone cannot know, and is taken to be the wrong one.
 */
export function isClockWrong(offsetMs: number, openHosts: Iterable<ClockOffset>, maxMs: number): boolean {
  if (Math.abs(offsetMs) <= maxMs) return false;
  const all = Array.from(openHosts, ({ clockOffsetMs }) => clockOffsetMs);
  const agree = Math.max(...all) - Math.min(...all) <= maxMs;
  return all.length < 2 || !agree || all.some((each) => Math.abs(each) <= maxMs);
}
