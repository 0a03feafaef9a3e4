// A message as rows keep it, and as readers answer it: one mapping for every store.
import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { MessagePatchRow, MessageRow } from "../../actors/runtime/ports.ts";

type MessageFields = Omit<MessageRow, "table" | "stamp" | "terms">;
type PatchFields = Pick<MessagePatchRow, "status" | "atMs" | "content">;

/** `patch`: the last one, whose content counts. */
export function storedMessage(row: MessageFields, patch: PatchFields | undefined): StoredMessage {
  const extra: Pick<StoredMessage, "clientMsgId" | "senderName" | "senderAvatar"> = JSON.parse(row.extra);
  return {
    ...extra,
    messageId: row.messageId,
    conversationId: row.conversationId,
    bucket: row.bucket,
    seq: row.seq,
    version: row.version,
    senderId: row.senderId,
    contentType: row.contentType,
    content: parseContent(patch ? patch.content : row.content),
    atMs: row.atMs,
    status: patch?.status ?? "normal",
    ...(patch?.status === "edited" && { editedAtMs: patch.atMs }),
  };
}

/** An emptied content is the empty text, which is no JSON. */
function parseContent(text: string): unknown {
  return text === "" ? null : JSON.parse(text);
}
