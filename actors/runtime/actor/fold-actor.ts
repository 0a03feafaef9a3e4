import { FoldError } from "../errors.ts";
import type { RuntimeLimits } from "../limits.ts";
import { parseRecord } from "../log/commit.ts";
import type { Views } from "../ports.ts";
import type { ActorRecord } from "../record.ts";
import type { Activation, Folded } from "./activation.ts";
import { decodeSnapshot } from "./snapshot.ts";

/**
 * The state of an actor up to record `untilN`: snapshot, the views' records after it, the owner's tail. The tail is looked
 * at before and after the views are read, so no record is missed while the projector moves. Throws when one is missing.
 */
export async function foldActor(
  folder: Activation,
  untilN: number,
  deps: { views: Views; limits: RuntimeLimits; tail(): readonly ActorRecord[] },
): Promise<Folded> {
  const { views, limits, tail } = deps;
  const { kind, key } = folder.address;
  const before = tail();
  const snapshot = await views.snapshot(kind, key);
  const folded = decided(`${kind} ${key}: its snapshot cannot be read`, () =>
    decodeSnapshot(folder.behaviour, key, snapshot, limits),
  );
  const snapshotN = folded.n;
  const texts = await views.records(kind, key, snapshotN);
  for (const record of [...texts.map(parseRecord), ...before, ...tail()]) {
    if (record.n <= folded.n || record.n > untilN) continue;
    if (record.n !== folded.n + 1) {
      throw new Error(`${kind} ${key}: record ${folded.n + 1} is missing, ${record.n} is there`);
    }
    decided(`${kind} ${key}: record ${record.n} cannot be folded`, () => folder.fold(folded, record));
  }
  // Counted on from the last snapshot: an actor that sleeps often gets one all the same.
  folder.snapshotBytes = snapshot?.state.length ?? 0;
  folder.recordsSinceSnapshot = folded.n - snapshotN;
  folder.bytesSinceSnapshot = texts.reduce((bytes, { length }) => bytes + length, 0);
  return folded;
}

/** No other try will change what the behaviour makes of what is there. */
function decided<T>(message: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new FoldError(message, { cause });
  }
}
