// Rows of the views for one record of a conversation. Each cell is written at most once.
import type { RecordMeta } from "../runtime/contract.ts";
import type { MessagePatchRow, Row } from "../runtime/ports.ts";
import type { ConversationChange } from "../shared/conversation.ts";
import type { MessageId, UserId } from "../shared/ids.ts";
import { type Reaction, withStoredOptions } from "../shared/message.ts";
import { canonicalText } from "../shared/names.ts";
import { searchTerms } from "../shared/tokenize.ts";
import { searchableText } from "./chat/content.ts";
import { changesOf } from "./model/changes.ts";
import { dayOf } from "./model/dedupe.ts";
import type { ConversationEvent, Edited, EditsOf, Expired, Recalled, Sent } from "./model/events.ts";

export function project(events: readonly ConversationEvent[], meta: RecordMeta): Row[] {
  const rows: Row[] = [];
  for (const event of events) {
    if (event.type === "sent") {
      addSent(rows, event, meta);
      continue;
    }
    if (event.type === "edited" || event.type === "recalled" || event.type === "expired") addPatches(rows, event, meta);
    if (event.type === "edited") addEdit(rows, event, meta);
    if (event.type === "recalled") eraseEdits(rows, event, event.edits, meta);
    if (event.type === "expired") {
      for (const [seq, messageId, bucket, edits] of event.messages)
        eraseEdits(rows, { seq, messageId, bucket }, edits, meta);
    }
    addMembers(rows, event, meta);
    if (event.type === "reacted") rows.push(reactionsOf(event, event.reactions, meta));
    for (const { version, change } of changesOf(event, meta.atMs)) {
      rows.push({
        table: "changes",
        conversationId: meta.key,
        version,
        change: JSON.stringify(change),
        stamp: meta.stamp,
      });
    }
  }
  return rows;
}

/** Where members are looked up by their names in the group. Who comes back has no name there. */
function addMembers(rows: Row[], event: Exclude<ConversationEvent, Sent>, { key, stamp }: RecordMeta): void {
  const add = (userId: UserId, name: string, isMember: 0 | 1): void => {
    rows.push({ table: "member_names", conversationId: key, userId, name: canonicalText(name), isMember, stamp });
  };
  if (event.type === "group_created") add(event.ownerId, "", 1);
  if (event.type === "group_created" || event.type === "members_joined") {
    for (const userId of event.userIds) add(userId, "", 1);
  } else if (event.type === "member_left") add(event.userId, "", 0);
  else if (event.type === "nickname_changed") add(event.userId, event.nickname, 1);
}

function addSent(rows: Row[], event: Sent, { key, stamp, atMs }: RecordMeta): void {
  const { bucket, seq, messageId, senderId, version, clientMsgId, senderName, senderAvatar, contentType, content } =
    event;
  // Fields that no store looks for.
  const extra = withStoredOptions({ clientMsgId, senderName, senderAvatar }, event);
  rows.push(
    {
      table: "messages",
      conversationId: key,
      bucket,
      seq,
      stamp,
      messageId,
      senderId,
      version,
      atMs,
      contentType,
      content: JSON.stringify(content),
      extra: JSON.stringify(extra),
      terms: searchTerms(searchableText(contentType, content)),
    },
    {
      table: "sends",
      conversationId: key,
      day: dayOf(atMs),
      senderId,
      clientMsgId,
      messageId,
      seq,
      hash: event.hash,
      stamp,
    },
  );
  if (event.opensBucket) {
    rows.push({ table: "buckets", conversationId: key, bucket, firstSeq: seq, fromMs: atMs, stamp });
  }
}

function addPatches(rows: Row[], event: Edited | Recalled | Expired, { key, stamp, ...meta }: RecordMeta): void {
  const atMs = (event.type === "edited" ? event.editedAtMs : undefined) ?? meta.atMs;
  const patch = (bucket: number, seq: number, rest: Pick<MessagePatchRow, "status" | "content" | "terms">): void => {
    rows.push({ table: "message_patches", conversationId: key, bucket, seq, stamp, atMs, ...rest });
  };
  if (event.type === "expired") {
    for (const [seq, , bucket] of event.messages) {
      patch(bucket, seq, { status: "expired", content: "", terms: "" });
      rows.push(reactionsOf({ bucket, seq }, [], { key, stamp }));
    }
    return;
  }
  const { bucket, seq } = event;
  if (event.type === "recalled") {
    patch(bucket, seq, { status: "recalled", content: "", terms: "" });
    rows.push(reactionsOf({ bucket, seq }, [], { key, stamp }));
    return;
  }
  const terms = searchTerms(searchableText(event.contentType, event.content));
  patch(bucket, seq, { status: "edited", content: JSON.stringify(event.content), terms });
}

function reactionsOf(
  { bucket, seq }: { bucket: number; seq: number },
  reactions: readonly Reaction[],
  { key, stamp }: Pick<RecordMeta, "key" | "stamp">,
): Row {
  const text = reactions.length > 0 ? JSON.stringify(reactions) : "";
  return { table: "reactions", conversationId: key, bucket, seq, reactions: text, stamp };
}

/** The original stands before its edits: as version 0. */
function addEdit(rows: Row[], event: Edited, { key, stamp, atMs }: RecordMeta): void {
  const { bucket, seq, version, content, original, editedAtMs = atMs } = event;
  const row = { table: "edits" as const, conversationId: key, bucket, seq, stamp };
  if (original) rows.push({ ...row, version: 0, atMs: original.atMs, content: JSON.stringify(original.content) });
  rows.push({ ...row, version, atMs: editedAtMs, content: JSON.stringify(content) });
}

/** Nothing of the text stays when its message goes: neither in the edits nor in the changes. */
function eraseEdits(
  rows: Row[],
  { bucket, seq, messageId }: { bucket: number; seq: number; messageId: MessageId },
  edits: EditsOf | undefined,
  { key, stamp, atMs }: RecordMeta,
): void {
  if (!edits) return;
  const change = JSON.stringify({ type: "edited", messageId, seq, atMs, by: edits.by } satisfies ConversationChange);
  for (const version of [0, ...edits.versions]) {
    rows.push({ table: "edits", conversationId: key, bucket, seq, version, atMs, content: "", stamp });
    if (version > 0) rows.push({ table: "changes", conversationId: key, version, change, stamp });
  }
}
