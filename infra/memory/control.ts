import type { Clock, Control, ControlEntry } from "../../actors/runtime/ports.ts";

/** CONTROL within one process: one entry kept per subject, told to everybody in one order. */
export function createMemoryControl(clock: Clock): Control {
  const kept = new Map<string, ControlEntry>();
  const watchers = new Set<(entry: ControlEntry) => void>();
  let lastSequence = 0;
  return {
    async put(subject, value, expectedSequence) {
      const known = kept.get(subject)?.sequence ?? 0;
      if (known !== expectedSequence) return { kind: "conflict", lastSequence: known };
      lastSequence += 1;
      const entry = { subject, value, sequence: lastSequence, atMs: clock.nowMs() };
      // Taken out first: kept entries are told to a new watcher in order of sequence.
      kept.delete(subject);
      kept.set(subject, entry);
      for (const watcher of watchers) watcher(entry);
      return { kind: "appended", sequence: lastSequence };
    },
    watch(handler) {
      for (const entry of kept.values()) handler(entry);
      watchers.add(handler);
      return () => watchers.delete(handler);
    },
  };
}
