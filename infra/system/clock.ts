// The machine's time, for everything that takes a Clock.

import type { Clock } from "../../actors/runtime/ports.ts";
import type { Timer } from "../../actors/shared/sleep.ts";

// A timer this short is somebody waiting, and holds the process; a longer one is housekeeping, and lets it end.
const waitingMsMax = 1_000;
// setTimeout fires at once beyond 2^31 - 1 ms.
const timeoutMsMax = 2 ** 31 - 1;

/** Timers that keep the process alive until they fire: for pauses and time-outs of work that must end. */
export const processTimer: Timer = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    let leftMs = delayMs;
    let timer: NodeJS.Timeout;
    arm();
    return () => clearTimeout(timer);

    function arm(): void {
      const stepMs = Math.min(leftMs, timeoutMsMax);
      leftMs -= stepMs;
      timer = setTimeout(leftMs > 0 ? arm : callback, stepMs);
      if (delayMs > waitingMsMax) timer.unref();
    }
  },
  soon(callback) {
    setImmediate(callback);
  },
};
