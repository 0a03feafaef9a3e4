// Makes the StoredMessage that readers return from the fields of a row. All stores share this mapping.
import type { StoredMessage } from "../../actors/conversation/contract.ts";
import type { MessagePatchRow, MessageRow } from "../../actors/runtime/ports.ts";

type MessageFields = Omit<MessageRow, "table" | "stamp" | "terms">;
type PatchFields = Pick<MessagePatchRow, "status" | "atMs" | "content">;

/** `patch` is the newest patch of the message; its content replaces the row's. `reactions`: their cell, if there is one. */
export function storedMessage(
  row: MessageFields,
  patch: PatchFields | undefined,
  reactions?: string | null,
): StoredMessage {
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
    ...(reactions && { reactedBy: JSON.parse(reactions) }),
  };
}

/** The content of a recalled or expired message is stored as an empty text, which is no JSON. */
function parseContent(text: string): unknown {
  return text === "" ? null : JSON.parse(text);
}
