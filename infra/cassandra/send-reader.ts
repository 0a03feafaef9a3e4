// Finds a send by its key, when the conversation's filter says that there may be one (G2). A send has no row of its own,
// because such a row would cost 15 µs a message and is read once in some thousand sends. The row of the message holds the
// hash of its send. A search compares the hashes of all messages in the day's buckets, and caches them.
// send-reader/cached: hashes are cached up to the first message that is missing or has no hash; later ones are read each
//     time.
import type { SendReader } from "../../actors/conversation/contract.ts";
import type { BucketReader } from "../../actors/reading/ports.ts";
import { BoundedMap } from "../../actors/shared/bounded-map.ts";
import { int, text } from "./cells.ts";
import type { Session } from "./client.ts";
import { sendHash } from "./message-cells.ts";

const dayMs = 86_400_000;
/** A bucket of 10 000 messages takes 80 KB, all of them 16 MB. */
const bucketsKeptMax = 200;
const hashesPerPage = 5_000;
const cql = {
  alone: "SELECT sent FROM sends WHERE conversation_id = ? AND day = ? AND sender_id = ? AND client_msg_id = ?",
  hashes: "SELECT seq, send FROM messages WHERE conversation_id = ? AND bucket = ? AND seq >= ?",
  message: "SELECT meta, send FROM messages WHERE conversation_id = ? AND bucket = ? AND seq = ?",
} as const;

interface Place {
  readonly conversationId: string;
  readonly bucket: number;
  readonly firstSeq: number;
}
type Sent = { messageId: string; seq: number; hash: number };

export function createSendReader(session: Session, buckets: BucketReader): SendReader {
  /** Bucket → hashes, least recently used first. The hash of message firstSeq + i is at position i. */
  const kept = new BoundedMap<string, number[]>(bucketsKeptMax);

  const seqsOf = async ({ conversationId, bucket, firstSeq }: Place, hash: number): Promise<number[]> => {
    const name = `${conversationId}/${bucket}`;
    const hashes = [...(kept.get(name) ?? [])];
    const seqs = hashes.flatMap((held, i) => (held === hash ? firstSeq + i : []));
    const params = [text(conversationId), int(bucket), int(firstSeq + hashes.length)];
    for await (const rows of session.pages(cql.hashes, params, hashesPerPage)) {
      for (const { seq, send } of rows as unknown as { seq: number; send: Buffer | null }[]) {
        const held = send?.readDoubleBE(0);
        if (held === hash) seqs.push(seq);
        if (held !== undefined && seq === firstSeq + hashes.length) hashes.push(held); // send-reader/cached
      }
    }
    kept.renew(name, hashes);
    return seqs;
  };

  const confirm = async (place: Place, seq: number, senderId: string, clientMsgId: string) => {
    const rows = await session.rows(cql.message, [text(place.conversationId), int(place.bucket), int(seq)]);
    const [row] = rows as unknown as { meta: string | null; send: Buffer | null }[];
    if (!row?.meta || !row.send) return undefined;
    const [messageId = "", sender, ...rest] = row.meta.split("\n");
    const { clientMsgId: id } = JSON.parse(rest.slice(3).join("\n")) as { clientMsgId?: string };
    if (sender !== senderId || id !== clientMsgId) return undefined;
    return { messageId, seq, hash: row.send.readDoubleBE(8) };
  };

  return {
    async find(conversationId, day, senderId, clientMsgId): Promise<Sent | undefined> {
      const key = [text(conversationId), int(day), text(senderId), text(clientMsgId)];
      const [alone, places] = await Promise.all([
        session.rows(cql.alone, key),
        bucketsOfDay(buckets, conversationId, day),
      ]);
      const [row] = alone;
      if (row) {
        const [messageId = "", seq, hash] = String(row.get("sent")).split(" ");
        return { messageId, seq: Number(seq), hash: Number(hash) };
      }
      const hash = sendHash(day, senderId, clientMsgId);
      for (const place of places) {
        for (const seq of await seqsOf(place, hash)) {
          const sent = await confirm(place, seq, senderId, clientMsgId);
          if (sent) return sent;
        }
      }
      return undefined;
    },
  };
}

/** The buckets that may hold sends of the day, newest first. One day more on each side covers a clock that was set back. */
async function bucketsOfDay(buckets: BucketReader, conversationId: string, day: number): Promise<Place[]> {
  const list = await buckets.list(conversationId);
  const places = list.flatMap(({ bucket, firstSeq, fromMs }, i) => {
    const nextFromMs = list[i + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const overlaps = fromMs < (day + 2) * dayMs && nextFromMs >= (day - 1) * dayMs;
    return overlaps ? [{ conversationId, bucket, firstSeq }] : [];
  });
  return places.reverse();
}
