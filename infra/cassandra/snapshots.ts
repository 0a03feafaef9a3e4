// Writes snapshots in parts, deletes what they replace, and reads them.
// snapshots/whole: a reader takes the newest snapshot that has all its parts, and never mixes the parts of two snapshots.
// snapshots/two-kept: the two newest snapshots stay, and all records after the older one, because a reader may be reading it.
// snapshots/deletion: a deletion has the write time of the older kept snapshot, so that it cannot delete anything newer.

import type { Kind } from "../../actors/runtime/kinds.ts";
import type { StoredSnapshot } from "../../actors/runtime/ports.ts";
import { hashText } from "../../actors/shared/hash.ts";
import { sleep } from "../../actors/shared/sleep.ts";
import { processTimer } from "../system/clock.ts";
import { bigint, double, int, text } from "./cells.ts";
import type { Session } from "./client.ts";
import type { SnapshotRow } from "./row-writes.ts";
import { addressOf, chunkOf, recordsPerChunk } from "./schema.ts";

const partBytes = 256 * 1024;
/** Parts in one page: 2 MiB. */
const partsPerPage = 8;
/** A reader begins again when its snapshot was replaced while it read. */
const readTriesMax = 5;
const retryPauseMs = 20;

const cql = {
  write:
    "UPDATE snapshots USING TIMESTAMP ? SET parts = ?, stamp = ?, state = ? WHERE address = ? AND n = ? AND digest = ? AND part = ?",
  read: "SELECT n, digest, part, parts, state FROM snapshots WHERE address = ?",
  list: "SELECT n, digest, parts, stamp FROM snapshots WHERE address = ?",
  dropRecords: "DELETE FROM actor_events USING TIMESTAMP ? WHERE address = ? AND chunk = ? AND last_n <= ?",
  dropOlder: "DELETE FROM snapshots USING TIMESTAMP ? WHERE address = ? AND n < ?",
} as const;

export async function writeSnapshot(session: Session, row: SnapshotRow): Promise<void> {
  const { n, stamp, state } = row;
  const address = text(addressOf(row.kind, row.key));
  const bytes = text(state);
  const parts = Math.max(1, Math.ceil(bytes.length / partBytes));
  // Two hosts of different versions may encode the same n differently, and their parts must not mix (snapshots/whole).
  const digest = double(hashText(state));
  for (let part = 0; part < parts; part++) {
    const slice = bytes.subarray(part * partBytes, (part + 1) * partBytes);
    const params = [bigint(stamp), int(parts), bigint(stamp), slice, address, int(n), digest, int(part)];
    await session.write([{ query: cql.write, params }], address);
  }
  await dropSuperfluous(session, address, n);
}

/**
 * snapshots/two-kept, snapshots/deletion. The records are deleted before the snapshots, so that after a crash the next snapshot
 * finds the rest and deletes it.
 */
async function dropSuperfluous(session: Session, address: Buffer, newest: number): Promise<void> {
  const whole: { n: number; stamp: number }[] = [];
  for (const group of groupParts(await session.rows(cql.list, [address]))) {
    if (group.isWhole && whole.at(-1)?.n !== group.n) whole.push({ n: group.n, stamp: group.stamp });
  }
  const at = whole.findIndex(({ n }) => n === newest);
  const previous = whole[at + 1];
  // When a newer snapshot exists already, its writer does this.
  if (at !== 0 || !previous) return;
  const stamp = bigint(previous.stamp);
  const lastChunk = chunkOf(previous.n, recordsPerChunk);
  for (let chunk = chunkOf(whole[at + 2]?.n ?? 0, recordsPerChunk); chunk <= lastChunk; chunk++) {
    const params = [stamp, address, int(chunk), int(previous.n)];
    await session.write([{ query: cql.dropRecords, params }], undefined);
  }
  await session.write([{ query: cql.dropOlder, params: [stamp, address, int(previous.n)] }], address);
}

interface Part {
  n: number;
  digest: number;
  parts: number;
  stamp?: bigint;
}
function groupParts(rows: readonly unknown[]): { n: number; stamp: number; isWhole: boolean }[] {
  const groups = new Map<string, { n: number; stamp: number; parts: number; seen: number }>();
  for (const { n, digest, parts, stamp } of rows as Part[]) {
    const id = `${n}/${digest}`;
    const group = groups.get(id) ?? { n, stamp: Number(stamp), parts, seen: 0 };
    group.seen += 1;
    groups.set(id, group);
  }
  return [...groups.values()].map(({ n, stamp, parts, seen }) => ({ n, stamp, isWhole: seen === parts }));
}

/** snapshots/whole */
export async function readSnapshot(session: Session, kind: Kind, key: string): Promise<StoredSnapshot | undefined> {
  const address = text(addressOf(kind, key));
  for (let tries = 1; ; tries++) {
    const { snapshot, hasIncomplete } = await readOnce(session, address);
    if (snapshot || !hasIncomplete || tries >= readTriesMax) return snapshot;
    await sleep(processTimer, retryPauseMs);
  }
}

async function readOnce(
  session: Session,
  address: Buffer,
): Promise<{ snapshot: StoredSnapshot | undefined; hasIncomplete: boolean }> {
  let group: { n: number; digest: number; slices: Buffer[] } | undefined;
  let hasIncomplete = false;
  for await (const rows of session.pages(cql.read, [address], partsPerPage)) {
    for (const { n, digest, part, parts, state } of rows as unknown as (Part & { part: number; state: Buffer })[]) {
      if (group?.n !== n || group.digest !== digest) group = { n, digest, slices: [] };
      // Parts are read in order, so a part that does not follow the last one shows that a part is missing.
      if (group.slices.length === part) group.slices.push(state);
      if (group.slices.length === parts) {
        return { snapshot: { n, state: Buffer.concat(group.slices).toString("utf8") }, hasIncomplete };
      }
      hasIncomplete = true;
    }
  }
  return { snapshot: undefined, hasIncomplete };
}
