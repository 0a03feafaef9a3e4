// Returns the memory of a burst to the operating system by a full garbage collection.
//
// Why: after a burst, V8 keeps the grown heap until its next full collection, and an idle server hardly ever runs one. Measured
// with ten thousand connections that authenticate at once and then stay idle: 7.5 to 9.7 KiB of memory per connection with this
// file, about 21 KiB without it.
// When: the main thread was busy for at most 8 % of each of the last two half minutes, and the heap has grown by at least 64 MiB
// since the last collection.
// Cost: a collection stops the process for some hundred milliseconds, and V8 then drops compiled code whose objects have died.
// The next burst of connects pays for the compilation once more. That is why the process must be quiet for a minute: clients
// that reconnect in waves, as after a restart of the host, find the code compiled.
import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "../../actors/runtime/ports.ts";

/** Long enough that a heartbeat to every connection is a small share of it. */
const checkEveryMs = 30_000;
/** Checks in a row that must find the process quiet. */
const quietChecksMin = 2;
/**
 * Share of the time in which the main thread was busy. The heartbeats of ten thousand idle connections take 2 to 6 % (measured on
 * a busy machine), a group of 1 000 members with 5 messages a second takes more than 8 %.
 */
const quietUtilization = 0.08;
const minGrowthBytes = 64 * 1024 * 1024;

interface MemoryUse {
  utilization(): number;
  heapBytes(): number;
  collect(): void;
}

export function startMemoryReturn(clock: Pick<Clock, "after">, use: MemoryUse = processUse()): { stop(): void } {
  let cancel = () => {};
  let floorBytes = use.heapBytes();
  let quietChecks = 0;
  const check = (): void => {
    quietChecks = use.utilization() <= quietUtilization ? quietChecks + 1 : 0;
    floorBytes = Math.min(floorBytes, use.heapBytes());
    if (quietChecks >= quietChecksMin && use.heapBytes() - floorBytes >= minGrowthBytes) {
      use.collect();
      floorBytes = use.heapBytes();
      quietChecks = 0;
    }
    cancel = clock.after(checkEveryMs, check);
  };
  cancel = clock.after(checkEveryMs, check);
  return { stop: () => cancel() };
}

function processUse(): MemoryUse {
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "major"; flavor: "last-resort" }) => void;
  return {
    utilization() {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
    heapBytes: () => getHeapStatistics().total_heap_size,
    // Only a last-resort collection shrinks the young generation.
    collect: () => collect({ type: "major", flavor: "last-resort" }),
  };
}
