// A snapshot holds what an activation holds: the actor's state, its watermarks, and the kept results of commands.
import type { AnyBehaviour } from "../contract.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Row, StoredSnapshot } from "../ports.ts";
import type { ActorRecord } from "../record.ts";
import type { Folded } from "./folded.ts";
import { Results } from "./results.ts";

/** What was decided since the last snapshot: it says when the next one is due. */
export interface SnapshotDebt {
  /** Size of the last snapshot; 0: there is none. */
  lastBytes: number;
  bytes: number;
  records: number;
}

interface SnapshotFormat {
  state: unknown;
  watermarks: [number, number][];
  results: ReturnType<Results["encode"]>;
}

/** The snapshot right after `record`, when one is due. */
export function snapshotRow(
  actor: { behaviour: AnyBehaviour; folded: Folded | undefined; snapshotDebt: SnapshotDebt },
  { record, text }: { record: ActorRecord; text: string },
  limits: RuntimeLimits,
): Row | undefined {
  const debt = actor.snapshotDebt;
  debt.bytes += text.length;
  debt.records += 1;
  // Twice the last one's size: snapshots cost at most half of what the records cost.
  const dueBytes = Math.max(limits.snapshotEveryBytes, 2 * debt.lastBytes);
  const isDue = debt.bytes >= dueBytes || debt.records >= limits.snapshotEveryRecords;
  if (!isDue || !actor.folded) return undefined;
  // Before the state is encoded: a state that cannot be is tried again only when the next snapshot is due.
  debt.bytes = 0;
  debt.records = 0;
  const state = encodeSnapshot(actor.behaviour, actor.folded);
  debt.lastBytes = state.length;
  const { kind, key, n, stamp } = record;
  return { table: "snapshots", kind, key, n, stamp, state };
}

function encodeSnapshot(behaviour: AnyBehaviour, folded: Folded): string {
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
