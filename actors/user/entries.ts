// A user's changes of their own lists: pins, mutes, hidden and cleared entries, deleted messages, read marks.
import type { RecordMeta } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { ConversationId } from "../shared/ids.ts";
import type { ByType, DeletedMessage, EntryEvent } from "./events.ts";
import { buryItem, type Item, putItem, type UserState } from "./state.ts";
import { type Input, nextVersion, type UserTurn } from "./turn.ts";
import { assertRemark } from "./validate.ts";

/** A deleted message takes some 45 bytes of a record, which is kept below 64 KiB. */
export const maxDeletedPerCall = 500;
/** Deletions above the cleared seq. More are refused, because a dropped one would show the deleted message again. */
export const maxDeletedPerConversation = 1_000;

export const entryCommands = {
  pin(turn: UserTurn, input: Input<"pin">): null {
    const entry = getEntry(turn.state, input.conversationId);
    if (entry.isPinned !== input.isPinned) turn.emit({ type: "pinned", version: nextVersion(turn), ...input });
    return null;
  },

  mute(turn: UserTurn, input: Input<"mute">): null {
    const entry = getEntry(turn.state, input.conversationId);
    if (entry.isMuted !== input.isMuted) turn.emit({ type: "muted", version: nextVersion(turn), ...input });
    return null;
  },

  hide(turn: UserTurn, input: Input<"hide">): null {
    const entry = getEntry(turn.state, input.conversationId);
    if (input.seq > entry.hiddenSeq) turn.emit({ type: "hidden", version: nextVersion(turn), ...input });
    return null;
  },

  clear(turn: UserTurn, input: Input<"clear">): null {
    const entry = getEntry(turn.state, input.conversationId);
    if (input.seq > entry.clearedSeq) turn.emit({ type: "cleared", version: nextVersion(turn), ...input });
    return null;
  },

  deleteMessages(turn: UserTurn, { conversationId, messages }: Input<"deleteMessages">): null {
    const { clearedSeq } = getEntry(turn.state, conversationId);
    if (messages.length > maxDeletedPerCall) throw tooManyDeleted(maxDeletedPerCall);
    const known = turn.state.lists.deleted.get(conversationId)?.messages ?? [];
    const seqs = new Set(known.map(({ seq }) => seq));
    const added: DeletedMessage[] = [];
    for (const { messageId, seq } of messages) {
      if (seq <= clearedSeq || seqs.has(seq)) continue;
      seqs.add(seq);
      added.push({ messageId, seq });
    }
    if (added.length === 0) return null;
    if (known.length + added.length > maxDeletedPerConversation) throw tooManyDeleted(maxDeletedPerConversation);
    turn.emit({ type: "messages_deleted", version: nextVersion(turn), conversationId, messages: added });
    return null;
  },

  setGroupRemark(turn: UserTurn, input: Input<"setGroupRemark">): null {
    assertRemark(input.remark);
    const entry = turn.state.lists.conversation.get(input.conversationId);
    if (entry?.conversationType !== "group") throw new DomainError("group.not_member");
    if (entry.remark !== input.remark) turn.emit({ type: "group_remark_set", version: nextVersion(turn), ...input });
    return null;
  },

  markRead(turn: UserTurn, { conversationId, seq, countSeq }: Input<"markRead">): null {
    const entry = turn.state.lists.conversation.get(conversationId);
    if (!entry || (seq <= entry.readSeq && countSeq <= entry.readCountSeq)) return null;
    turn.emit({
      type: "read",
      version: nextVersion(turn),
      conversationId,
      seq: Math.max(seq, entry.readSeq),
      countSeq: Math.max(countSeq, entry.readCountSeq),
    });
    return null;
  },
};

export const entryAppliers: ByType<EntryEvent, [UserState, RecordMeta], void> = {
  pinned({ conversationId, isPinned, version }, state, { atMs }) {
    changeEntry(state, conversationId, { isPinned, pinnedAtMs: isPinned ? atMs : 0, version, updatedAtMs: atMs });
  },
  muted({ conversationId, isMuted, version }, state, { atMs }) {
    changeEntry(state, conversationId, { isMuted, version, updatedAtMs: atMs });
  },
  hidden({ conversationId, seq, version }, state, { atMs }) {
    changeEntry(state, conversationId, { hiddenSeq: seq, version, updatedAtMs: atMs });
  },
  cleared({ conversationId, seq, version }, state, { atMs }) {
    changeEntry(state, conversationId, { clearedSeq: seq, version, updatedAtMs: atMs });
    // Messages at or below the cleared seq need no deletion of their own any more.
    const deleted = state.lists.deleted.get(conversationId);
    if (!deleted) return;
    const messages = deleted.messages.filter((message) => message.seq > seq);
    if (messages.length === 0) buryItem(state, "deleted", conversationId, version, atMs);
    else if (messages.length < deleted.messages.length) {
      putItem(state, { ...deleted, messages, version, updatedAtMs: atMs });
    }
  },
  messages_deleted({ conversationId, messages, version }, state, { atMs }) {
    const known = state.lists.deleted.get(conversationId)?.messages ?? [];
    const all = [...known, ...messages].sort((a, b) => a.seq - b.seq);
    putItem(state, { type: "deleted", id: conversationId, messages: all, version, updatedAtMs: atMs });
  },
  group_remark_set({ conversationId, remark, version }, state, { atMs }) {
    changeEntry(state, conversationId, { remark, version, updatedAtMs: atMs });
  },
  read({ conversationId, seq, countSeq, version }, state, { atMs }) {
    const entry = state.lists.conversation.get(conversationId);
    if (!entry) return;
    const mentionSeqs = entry.mentionSeqs.filter((mention) => mention > seq);
    const marks = { readSeq: seq, readCountSeq: countSeq, mentionSeqs };
    putItem(state, { ...entry, ...marks, version, updatedAtMs: atMs });
  },
};

function changeEntry(state: UserState, conversationId: ConversationId, change: Partial<Item<"conversation">>): void {
  const entry = state.lists.conversation.get(conversationId);
  if (entry) putItem(state, { ...entry, ...change });
}

function getEntry(state: UserState, conversationId: ConversationId): Item<"conversation"> {
  const entry = state.lists.conversation.get(conversationId);
  if (!entry) throw new DomainError("session.not_found");
  return entry;
}

function tooManyDeleted(max: number): DomainError {
  const message = "Too many messages deleted one by one: clear the history instead.";
  return new DomainError("common.too_large", { message, details: { max } });
}
