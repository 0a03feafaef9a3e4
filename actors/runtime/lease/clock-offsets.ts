/** Of a host: its wall clock less CONTROL's, ms. */
interface ClockOffset {
  readonly clockOffsetMs: number;
}

/**
 * Is a host's clock wrong (J5.4)? It is when it is off by more than `maxMs`. But when all hosts are off by the same, CONTROL's
 * server is wrong: a cluster does not stop for one server's clock. A host alone cannot tell, and is taken to be wrong.
 */
export function isClockWrong(offsetMs: number, openHosts: Iterable<ClockOffset>, maxMs: number): boolean {
  if (Math.abs(offsetMs) <= maxMs) return false;
  const all = Array.from(openHosts, ({ clockOffsetMs }) => clockOffsetMs);
  const agree = Math.max(...all) - Math.min(...all) <= maxMs;
  return all.length < 2 || !agree || all.some((each) => Math.abs(each) <= maxMs);
}
