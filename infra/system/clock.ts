// The machine's time and timers, as the ports Clock and Timer.
import type { Clock } from "../../actors/runtime/ports.ts";
import type { Timer } from "../../actors/shared/sleep.ts";

// A shorter timer belongs to waiting work and keeps the process alive. A longer one is housekeeping and lets the process end.
const waitingMsMax = 1_000;
// setTimeout with more than 2^31 - 1 ms fires at once, so longer delays are split.
const timeoutMsMax = 2 ** 31 - 1;

/** Timers that keep the process alive until they fire: for pauses and time-outs inside work that must finish. */
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
