// Gives the memory of a burst back to the machine. V8 keeps what its heap has grown to until it has to collect again,
// which an idle server seldom does: ten thousand connections that only stay would be charged for their hello for hours.
// M1: only when nearly nobody is served: the collection stops the process for some hundred milliseconds.
// M2: only when the heap has grown by `minGrowthBytes` since the last one: a pause is paid for by what it brings.
import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "../../actors/runtime/ports.ts";

const lookEveryMs = 2_000;
/** Looks in a row that found the process quiet. */
const quietLooks = 2;
/** Share of the time in which the main thread did anything; a group of a thousand with 5 messages a second takes more. */
const quietUtilization = 0.05;
const minGrowthBytes = 64 * 1024 * 1024;

interface MemoryUse {
  utilization(): number;
  heapBytes(): number;
  collect(): void;
}

export function startMemoryReturn(clock: Pick<Clock, "after">, use: MemoryUse = processUse()): { stop(): void } {
  let cancel = () => {};
  let floorBytes = use.heapBytes();
  let quiet = 0;
  const look = (): void => {
    quiet = use.utilization() <= quietUtilization ? quiet + 1 : 0;
    floorBytes = Math.min(floorBytes, use.heapBytes());
    if (quiet >= quietLooks && use.heapBytes() - floorBytes >= minGrowthBytes) {
      use.collect();
      floorBytes = use.heapBytes();
      quiet = 0;
    }
    cancel = clock.after(lookEveryMs, look);
  };
  cancel = clock.after(lookEveryMs, look);
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
    // The only kind that makes the young generation small again.
    collect: () => collect({ type: "major", flavor: "last-resort" }),
  };
}
