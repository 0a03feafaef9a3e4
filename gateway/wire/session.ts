import type { SessionView } from "../../actors/reading/contract.ts";
import { parseConversationId, type UserId } from "../../actors/shared/ids.ts";
import { addressOnWire } from "./message.ts";
import type { WireSession } from "./shapes/session.ts";

/** An entry of the conversation list, as its owner sees it. */
export function sessionOnWire(view: SessionView, viewerId: UserId): WireSession {
  const { entry, head } = view;
  const parsed = parseConversationId(entry.id);
  const plain: WireSession = {
    ...addressOnWire(entry.id),
    name: view.name,
    avatar: view.avatar,
    lastMessage: lastOnWire(view.last),
    unreadCount: view.unreadCount,
    mentionCount: view.mentionCount,
    isPinned: entry.isPinned,
    pinnedAt: entry.pinnedAtMs,
    isMuted: entry.isMuted,
    seq: head.seq,
    version: head.version,
    readSeq: entry.readSeq,
    updatedAt: view.updatedAtMs,
  };
  if (parsed?.type === "single") plain.userId = parsed.users.find((id) => id !== viewerId);
  if (head.chat) plain.assistantId = head.chat.assistantId;
  if (view.role !== undefined) plain.myRole = view.role;
  if (parsed?.type === "group") plain.remark = entry.remark;
  return plain;
}

function lastOnWire(last: SessionView["last"]): WireSession["lastMessage"] {
  if (!last) return null;
  const { messageId, seq, senderId, contentType, preview, atMs } = last;
  return { messageId, seq, senderId, contentType, content: preview, timestamp: atMs };
}
