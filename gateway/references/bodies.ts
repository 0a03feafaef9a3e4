// The whole messages of a merged_forward. They may be far longer than a record may be, so they lie in the object store, and the
// message holds previews and the object's name. The name is the digest of the bytes: a retry, and every further target of one
// forward, finds the object there.
import { createHash } from "node:crypto";
import { addressedFor } from "../../actors/conversation/chat/content-files.ts";
import type { StoredMessage } from "../../actors/conversation/contract.ts";
import { oneChunk } from "../../actors/file/objects.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { ForwardedMessage } from "../../actors/shared/message.ts";
import { maxMergedBytes, parsedBodies } from "../files/merged.ts";
import { type Store, withStore } from "../kit/with-store.ts";
import { copyOf } from "./copy.ts";

/** A message inside a merged_forward. */
interface MergedMessage {
  messageId: string;
  senderId: string;
  senderName: string;
  contentType: string;
  content: unknown;
  timestamp: number;
  seq: number;
}

/** Stores the messages whole; answers the object's name. */
export async function storeBodies(store: Store, messages: readonly StoredMessage[]): Promise<string> {
  const bodies: MergedMessage[] = [];
  for (const message of messages) bodies.push(await bodyOf(store, message));
  const bytes = Buffer.from(JSON.stringify(bodies));
  if (bytes.length > maxMergedBytes) throw new DomainError("message.too_long", { details: { maxMergedBytes } });
  const name = `merged/${createHash("sha256").update(bytes).digest("hex")}`;
  await withStore(store, async (objects) => {
    if (await objects.stat(name)) return;
    await objects.put(name, oneChunk(bytes), { mime: "application/json", maxBytes: maxMergedBytes });
  });
  return name;
}

/** A merged_forward inside another one holds its messages itself: a reader of the outer one may not reach the inner one. */
async function bodyOf(store: Store, message: StoredMessage): Promise<MergedMessage> {
  const { messageId, senderId, senderName, atMs, seq } = message;
  const { contentType, content } = copyOf(message);
  const isMerged = contentType === "merged_forward";
  const whole = isMerged ? { ...(content as object), messages: await bodiesOf(store, message) } : content;
  return { messageId, senderId, senderName, contentType, content: whole, timestamp: atMs, seq };
}

/** As the readers of the message that holds them may read them: addresses of files name that message. */
export async function readBodies(
  store: Store,
  message: Pick<StoredMessage, "bodies" | "content" | "messageId">,
): Promise<MergedMessage[]> {
  const inside = await bodiesOf(store, message);
  return inside.map((each) => ({
    ...each,
    content: addressedFor(message.messageId, each.contentType, each.content),
  }));
}

async function bodiesOf(
  store: Store,
  { bodies, content }: Pick<StoredMessage, "bodies" | "content">,
): Promise<MergedMessage[]> {
  return bodies === undefined ? bodiesInside(content) : parsedBodies(store, bodies);
}

/** Older releases stored one line of each message in the content. */
function bodiesInside(content: unknown): MergedMessage[] {
  const { messages = [] } = content as { messages?: readonly ForwardedMessage[] };
  return messages.map(({ preview, ...facts }) => ({ ...facts, content: preview, seq: 0 }));
}
