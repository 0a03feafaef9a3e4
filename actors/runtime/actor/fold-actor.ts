import type { AnyBehaviour } from "../contract.ts";
import { FoldError } from "../errors.ts";
import type { Address, Kind } from "../kinds.ts";
import type { RuntimeLimits } from "../limits.ts";
import { parseRecord } from "../log/commit.ts";
import type { ActorPast, Views } from "../ports.ts";
import type { ActorRecord } from "../record.ts";
import { type Folded, foldRecord } from "./folded.ts";
import { decodeSnapshot, type SnapshotDebt } from "./snapshot.ts";

interface FoldDeps {
  views: Pick<Views, "snapshot" | "records" | "past">;
  limits: RuntimeLimits;
  /** The actor's records that the views may not hold yet. */
  tail(): readonly ActorRecord[];
}

export interface FoldedActor {
  readonly folded: Folded;
  /** Goes on from the last snapshot, so that an actor that is passivated often gets its next one all the same. */
  readonly snapshotDebt: SnapshotDebt;
}

/**
 * The state of an actor up to record `untilN`: snapshot, the views' records after it, the owner's tail. The tail is looked
 * at before and after the views are read, so no record is missed while the projector moves. Throws when one is missing.
 */
export async function foldActor(
  { kind, key }: Address,
  behaviour: AnyBehaviour,
  { views, limits, tail }: FoldDeps,
  untilN = Number.POSITIVE_INFINITY,
): Promise<FoldedActor> {
  const before = tail();
  const { snapshot, records } = await (views.past?.(kind, key) ?? readPast(views, kind, key));
  const folded = asFoldError(`${kind} ${key}: its snapshot cannot be read`, () =>
    decodeSnapshot(behaviour, key, snapshot, limits),
  );
  const snapshotN = folded.n;
  for (const record of [...records.map(parseRecord), ...before, ...tail()]) {
    if (record.n <= folded.n || record.n > untilN) continue;
    if (record.n !== folded.n + 1) {
      throw new Error(`${kind} ${key}: record ${folded.n + 1} is missing, ${record.n} is there`);
    }
    asFoldError(`${kind} ${key}: record ${record.n} cannot be folded`, () => foldRecord(behaviour, folded, record));
  }
  const snapshotDebt = {
    lastBytes: snapshot?.state.length ?? 0,
    bytes: records.reduce((bytes, { length }) => bytes + length, 0),
    records: folded.n - snapshotN,
  };
  return { folded, snapshotDebt };
}

async function readPast(views: FoldDeps["views"], kind: Kind, key: string): Promise<ActorPast> {
  const snapshot = await views.snapshot(kind, key);
  return { snapshot, records: await views.records(kind, key, snapshot?.n ?? 0) };
}

/** A behaviour that throws here throws at every try: the error becomes a FoldError, so that callers do not retry. */
function asFoldError<T>(message: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new FoldError(message, { cause });
  }
}
