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
    lastMessage: lastOnWire(view),
    unreadCount: view.unreadCount,
    mentionCount: entry.mentionSeqs.length,
    isPinned: entry.isPinned,
    isMuted: entry.isMuted,
    seq: head?.seq ?? 0,
    version: head?.version ?? 0,
    readSeq: entry.readSeq,
    updatedAt: view.updatedAtMs,
  };
  if (parsed?.type === "single") plain.userId = parsed.users.find((id) => id !== viewerId);
  if (view.role !== undefined) plain.myRole = view.role;
  return plain;
}

function lastOnWire({ entry, head }: SessionView): WireSession["lastMessage"] {
  if (!head?.last || head.last.seq <= entry.clearedSeq) return null;
  const { messageId, seq, senderId, contentType, preview, atMs } = head.last;
  return { messageId, seq, senderId, contentType, content: preview, timestamp: atMs };
}
