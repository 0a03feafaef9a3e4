// A list of ids with sizes: at the limit it is a snapshot of some 3 MB, read when its user uploads or asks.
import { defineActor } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { type Bucket, bucketOf, buckets, type FileType } from "../shared/file-type.ts";
import { maxUserFiles, Storage, type StorageUsage } from "./contract.ts";

interface Held {
  type: FileType;
  bytes: number;
}
interface StorageState {
  /** By file id, the oldest first. */
  files: Map<string, Held>;
  usedBytes: number;
}
type StorageEvent =
  | { type: "held"; fileId: string; file: Held }
  | { type: "settled"; fileId: string; bytes: number }
  | { type: "released"; fileId: string };

export const storage = defineActor(Storage, {
  initial: (): StorageState => ({ files: new Map(), usedBytes: 0 }),

  apply(state: StorageState, event: StorageEvent): void {
    const known = state.files.get(event.fileId);
    state.usedBytes -= known?.bytes ?? 0;
    if (event.type === "released") {
      state.files.delete(event.fileId);
      return;
    }
    const file = event.type === "held" ? event.file : { type: known?.type ?? "chat_file", bytes: event.bytes };
    state.files.set(event.fileId, file);
    state.usedBytes += file.bytes;
  },

  commands: {
    hold(turn, { fileId, type, bytes, maxBytes }) {
      const { files, usedBytes } = turn.state;
      const known = files.get(fileId);
      if (known?.bytes === bytes && known.type === type) return null;
      const isTooMany = !known && files.size >= maxUserFiles;
      if (isTooMany || usedBytes - (known?.bytes ?? 0) + bytes > maxBytes) {
        throw new DomainError("file.storage_full", { details: { usedBytes, maxBytes } });
      }
      turn.emit({ type: "held", fileId, file: { type, bytes } });
      return null;
    },
    settle(turn, { fileId, bytes }) {
      const known = turn.state.files.get(fileId);
      if (known && known.bytes !== bytes) turn.emit({ type: "settled", fileId, bytes });
      return null;
    },
    release(turn, { fileId }) {
      if (turn.state.files.has(fileId)) turn.emit({ type: "released", fileId });
      return null;
    },
  },

  queries: {
    usage: ({ state }) => usageOf(state),
    page({ state }, { types, offset, limit }) {
      const all = [...state.files].filter(([, { type }]) => types === undefined || types.includes(type));
      const newestFirst = all.reverse().slice(offset, offset + limit);
      return { fileIds: newestFirst.map(([fileId]) => fileId), total: all.length };
    },
  },

  encode: ({ files }) => ({ files: [...files].map(([fileId, { type, bytes }]) => [fileId, type, bytes]) }),
  decode(plain) {
    const files = new Map(
      (plain as { files: [string, FileType, number][] }).files.map(([fileId, type, bytes]) => [
        fileId,
        { type, bytes },
      ]),
    );
    let usedBytes = 0;
    for (const { bytes } of files.values()) usedBytes += bytes;
    return { files, usedBytes };
  },
});

function usageOf({ files, usedBytes }: StorageState): StorageUsage {
  const sums = new Map<Bucket, { usedBytes: number; fileCount: number }>();
  for (const { type, bytes } of files.values()) {
    const sum = sums.get(bucketOf(type)) ?? { usedBytes: 0, fileCount: 0 };
    sums.set(bucketOf(type), { usedBytes: sum.usedBytes + bytes, fileCount: sum.fileCount + 1 });
  }
  const named = buckets.flatMap((bucket) => {
    const sum = sums.get(bucket);
    return sum ? [{ bucket, ...sum }] : [];
  });
  return { usedBytes, fileCount: files.size, buckets: named };
}
