import type { ConversationChange, VersionedChange } from "../../shared/conversation.ts";
import type { UserId } from "../../shared/ids.ts";
import type { Reaction } from "../../shared/message.ts";
import type { ConversationEvent, Sent } from "./events.ts";

/** The versioned changes of an event; an event without a version makes none. */
export function changesOf(event: Exclude<ConversationEvent, Sent>, atMs: number): VersionedChange[] {
  if (event.type === "expired") {
    return event.messages.map(([seq, messageId], i) => ({
      version: event.firstVersion + i,
      change: { type: "expired", messageId, seq, atMs },
    }));
  }
  const change = changeOf(event, atMs);
  return change && "version" in event ? [{ version: event.version, change }] : [];
}

/** Users whom a change names for one emoji; the count tells the others. */
const maxNamedReactors = 50;

function firstReactors({ emoji, userIds }: Reaction): { emoji: string; count: number; userIds: readonly UserId[] } {
  return { emoji, count: userIds.length, userIds: userIds.slice(0, maxNamedReactors) };
}

function changeOf(event: Exclude<ConversationEvent, Sent>, atMs: number): ConversationChange | undefined {
  switch (event.type) {
    case "edited": {
      const { type, messageId, seq, contentType, content, by, editedAtMs = atMs } = event;
      return { type, messageId, seq, contentType, content, atMs: editedAtMs, by };
    }
    case "recalled": {
      const { type, messageId, seq, by } = event;
      return { type, messageId, seq, atMs, by };
    }
    case "pinned": {
      const { type, messageId, seq, on, by } = event;
      return { type, messageId, seq, on, by, atMs };
    }
    case "reacted": {
      const { type, messageId, seq } = event;
      return { type, messageId, seq, reactions: event.reactions.map(firstReactors), atMs };
    }
    case "read":
      return { type: "read", userId: event.userId, seq: event.seq, messageIds: event.messageIds, atMs };
    case "group_created":
      return { type: "member_joined", userIds: [event.ownerId, ...event.userIds], by: event.ownerId, atMs };
    case "members_joined":
      return { type: "member_joined", userIds: event.userIds, by: event.by, atMs };
    case "member_left":
      return { type: "member_left", userIds: [event.userId], by: event.by, reason: event.reason, atMs };
    case "info_updated":
      return { type: "info_updated", info: event.patch, by: event.by, atMs };
    case "role_changed":
      return { type: "role_changed", userId: event.userId, role: event.role, by: event.by, atMs };
    case "member_muted":
      return { type: "member_muted", userId: event.userId, untilMs: event.untilMs, by: event.by, atMs };
    case "nickname_changed":
      return { type: "nickname_changed", userId: event.userId, nickname: event.nickname, atMs };
    case "disbanded":
      return { type: "disbanded", by: event.by, atMs };
    case "fanout_changed":
      return { type: "fanout_changed", fanout: event.fanout, atMs };
    case "chat_created":
      return {
        type: "chat_updated",
        title: event.chat.title,
        assistantId: event.chat.assistantId,
        by: event.chat.ownerId,
        atMs,
      };
    case "chat_updated":
      return { type: "chat_updated", title: event.title, assistantId: event.assistantId, by: event.by, atMs };
    case "chat_deleted":
      return { type: "chat_deleted", by: event.by, atMs };
    case "superseded": {
      const { type, messageId, seq, newMessageId } = event;
      return { type, messageId, seq, newMessageId, atMs };
    }
    case "assistant_added": {
      const { type, assistantId, name, avatar, by } = event;
      return { type, assistantId, name, avatar, by, atMs };
    }
    case "assistant_removed":
      return { type: "assistant_removed", assistantId: event.assistantId, by: event.by, atMs };
    case "befriended":
      return { type: "friendship", state: "friends", by: event.by, atMs };
    case "unfriended":
      return { type: "friendship", state: "strangers", by: event.by, atMs };
    default:
      return undefined;
  }
}
