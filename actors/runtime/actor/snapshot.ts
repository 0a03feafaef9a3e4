// A snapshot holds what an activation holds: the actor's state, its watermarks, and kept results of commands.

import type { AnyBehaviour } from "../contract.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { StoredSnapshot } from "../ports.ts";
import type { Folded } from "./activation.ts";
import { Results } from "./results.ts";

interface SnapshotFormat {
  state: unknown;
  watermarks: [number, number][];
  results: ReturnType<Results["encode"]>;
}

export function encodeSnapshot(behaviour: AnyBehaviour, folded: Folded): string {
  const plain: SnapshotFormat = {
    state: behaviour.encode(folded.state),
    watermarks: [...folded.watermarks],
    results: folded.results.encode(),
  };
  return JSON.stringify(plain);
}

/** The initial state when there is no snapshot. */
export function decodeSnapshot(
  behaviour: AnyBehaviour,
  key: string,
  stored: StoredSnapshot | undefined,
  limits: RuntimeLimits,
): Folded {
  const results = new Results(limits.resultKeptMs, limits.maxResultsKept);
  if (!stored) return { state: behaviour.initial(key), n: 0, watermarks: new Map(), results };
  const plain = JSON.parse(stored.state) as SnapshotFormat;
  results.load(plain.results);
  return { state: behaviour.decode(plain.state, key), n: stored.n, watermarks: new Map(plain.watermarks), results };
}
