// Commits as bytes. The turn that decided a record encodes it once: the same text goes into the log and into the views.
import { type ActorRecord, type Commit, logFormat, type OutboxEntry } from "../record.ts";

export interface CommitHeader {
  readonly id: string;
  readonly epoch: number;
  readonly stamp: number;
  readonly prev: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeRecords(
  header: CommitHeader,
  recordTexts: readonly string[],
  reappended: readonly OutboxEntry[],
): Uint8Array {
  const tail = reappended.length > 0 ? `,"carried":${JSON.stringify(reappended)}` : "";
  return encoder.encode(
    `{"format":${logFormat},"id":"${header.id}","epoch":${header.epoch},"stamp":${header.stamp},"prev":${header.prev},"type":"records","records":[${recordTexts.join(",")}]${tail}}`,
  );
}

/** `isDone`, of a release: nothing before it is left to do for the next owner. */
export function encodeOwnership(
  header: CommitHeader,
  type: "fence" | "released",
  { host, boot }: { host: string; boot: string },
  isDone = false,
): Uint8Array {
  const done = isDone && { isDone };
  return encoder.encode(JSON.stringify({ format: logFormat, ...header, type, host, boot, ...done }));
}

/** Throws for a commit of a newer format: an older host must not guess. */
export function decodeCommit(bytes: Uint8Array): Commit {
  const commit = JSON.parse(decoder.decode(bytes)) as Commit;
  if (commit.format > logFormat) {
    throw new Error(`The log has format ${commit.format}; this host knows ${logFormat}. Run a newer version.`);
  }
  return commit;
}

export function bootOf(commitId: string): string {
  return commitId.split("/")[2]!;
}

/** The boot that owns the shard behind this commit; undefined: the shard was released. */
export function ownerAfter({ type, id }: Commit): string | undefined {
  return type === "released" ? undefined : bootOf(id);
}

export function parseRecord(text: string): ActorRecord {
  return JSON.parse(text) as ActorRecord;
}
