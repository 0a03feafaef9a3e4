// The readers of the small tables: buckets, changes, and the names of the directory.
import type { BucketReader, ChangeReader, Directory } from "../../actors/reading/ports.ts";
import { mapBounded } from "../../actors/shared/map-bounded.ts";
import { clampInt, int, text } from "./cells.ts";
import type { Session } from "./client.ts";
import { listOf } from "./runtime-reads.ts";
import { chunkOf, memberParts, versionsPerChunk } from "./schema.ts";

const changesPerPage = 500;
/** Users per request; a longer list takes several requests. */
const cardsPerRead = 50;
/** Parts of a group that are read at a time. */
const partsAtOnce = 8;
const cql = {
  buckets: "SELECT bucket, first_seq, from_ms FROM buckets WHERE conversation_id = ?",
  changes:
    "SELECT version, change FROM changes WHERE conversation_id = ? AND chunk = ? AND version > ? AND version <= ?",
  members: "SELECT user_id, name FROM member_names WHERE conversation_id = ? AND part = ?",
  names: "SELECT user_id, name FROM user_names WHERE user_id IN ?",
  cards: "SELECT user_id, card FROM directory WHERE user_id IN ?",
} as const;

export function createBucketReader(session: Session): BucketReader {
  return {
    async list(conversationId) {
      const rows = await session.rows(cql.buckets, [text(conversationId)]);
      return (rows as unknown as { bucket: number; first_seq: number; from_ms: bigint }[]).map((row) => ({
        bucket: row.bucket,
        firstSeq: row.first_seq,
        fromMs: Number(row.from_ms),
      }));
    },
  };
}

/** A chunk without changes costs one small read; a range of a million versions has 31 chunks. */
export function createChangeReader(session: Session): ChangeReader {
  return {
    async range(conversationId, afterVersion, upToVersion, maxChanges) {
      const found: Awaited<ReturnType<ChangeReader["range"]>> = [];
      const lastChunk = chunkOf(upToVersion, versionsPerChunk);
      for (let chunk = chunkOf(afterVersion + 1, versionsPerChunk); chunk <= lastChunk; chunk++) {
        const params = [text(conversationId), int(chunk), clampInt(afterVersion), clampInt(upToVersion)];
        const left = maxChanges - found.length;
        for await (const rows of session.pages(cql.changes, params, Math.min(left, changesPerPage))) {
          for (const { version, change } of rows as unknown as { version: number; change: string }[]) {
            if (found.length >= maxChanges) return found;
            found.push({ version, change: JSON.parse(change) });
          }
        }
        if (found.length >= maxChanges) return found;
      }
      return found;
    },
  };
}

export function createDirectory(session: Session): Directory {
  return {
    async findMany(userIds) {
      const found = new Map<string, { nickname: string; avatar: string }>();
      for (let from = 0; from < userIds.length; from += cardsPerRead) {
        const cells = userIds.slice(from, from + cardsPerRead).map(text);
        for (const row of await session.rows(cql.cards, [listOf(cells)])) {
          const [nickname, avatar] = JSON.parse(String(row.get("card"))) as [string, string];
          found.set(String(row.get("user_id")), { nickname, avatar });
        }
      }
      return found;
    },
    async searchMembers(conversationId, { part, except, offset, max }) {
      const parts = Array.from({ length: memberParts }, (_, number) => number);
      const named = (
        await mapBounded(parts, partsAtOnce, (number) => membersOf(session, conversationId, number))
      ).flat();
      const left = new Set(except);
      const found = named
        .filter(({ userId, names }) => !left.has(userId) && names.some((name) => name.includes(part)))
        .map(({ userId }) => userId)
        .sort();
      return { known: named.length, total: found.length, userIds: found.slice(offset, offset + max) };
    },
  };
}

/** Members of one part of the group with their names. A user whose own name is not there yet is left out. */
async function membersOf(session: Session, conversationId: string, part: number) {
  const inGroup = new Map<string, string>();
  for await (const rows of session.pages(cql.members, [text(conversationId), int(part)])) {
    for (const row of rows) inGroup.set(String(row.get("user_id")), String(row.get("name")));
  }
  const userIds = [...inGroup.keys()];
  const found: { userId: string; names: string[] }[] = [];
  for (let from = 0; from < userIds.length; from += cardsPerRead) {
    const cells = userIds.slice(from, from + cardsPerRead).map(text);
    for (const row of await session.rows(cql.names, [listOf(cells)])) {
      const userId = String(row.get("user_id"));
      found.push({ userId, names: [String(row.get("name")), inGroup.get(userId)!] });
    }
  }
  return found;
}
