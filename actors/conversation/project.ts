// Rows of the views for one record of a conversation. Each cell is written at most once.
import type { RecordMeta } from "../runtime/contract.ts";
import type { Row } from "../runtime/ports.ts";
import type { ConversationChange } from "../shared/conversation.ts";
import type { UserId } from "../shared/ids.ts";
import { type Reaction, withStoredOptions } from "../shared/message.ts";
import { canonicalText } from "../shared/names.ts";
import { searchTerms } from "../shared/tokenize.ts";
import { searchableText } from "./chat/content.ts";
import { changesOf } from "./model/changes.ts";
import { dayOf } from "./model/dedupe.ts";
import type { ConversationEvent, Edited, Recalled, Sent } from "./model/events.ts";

export function project(events: readonly ConversationEvent[], meta: RecordMeta): Row[] {
  const rows: Row[] = [];
  for (const event of events) {
    if (event.type === "sent") {
      addSent(rows, event, meta);
      continue;
    }
    if (event.type === "edited") addEdit(rows, event, meta);
    else if (event.type === "recalled") eraseMessage(rows, event, "recalled", meta);
    else if (event.type === "expired") {
      for (const [seq, messageId, bucket, edits] of event.messages) {
        eraseMessage(rows, { seq, messageId, bucket, edits }, "expired", meta);
      }
    } else if (event.type === "reacted") rows.push(reactionsOf(event, event.reactions, meta));
    addMembers(rows, event, meta);
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

/** Where members are looked up by their names in the group. A member who comes back has no name there. */
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

function reactionsOf(
  { bucket, seq }: { bucket: number; seq: number },
  reactions: readonly Reaction[],
  { key, stamp }: Pick<RecordMeta, "key" | "stamp">,
): Row {
  const text = reactions.length > 0 ? JSON.stringify(reactions) : "";
  return { table: "reactions", conversationId: key, bucket, seq, reactions: text, stamp };
}

/** The row in its new state, and the versions of its content. The original stands before its edits: as version 0. */
function addEdit(rows: Row[], event: Edited, { key, stamp, ...meta }: RecordMeta): void {
  const { bucket, seq, version, contentType, original, editedAtMs: atMs = meta.atMs } = event;
  const place = { conversationId: key, bucket, seq, stamp };
  const content = JSON.stringify(event.content);
  const terms = searchTerms(searchableText(contentType, event.content));
  rows.push({ table: "message_patches", ...place, atMs, status: "edited", content, terms });
  if (original) {
    const first = { version: 0, atMs: original.atMs, content: JSON.stringify(original.content) };
    rows.push({ table: "edits", ...place, ...first });
  }
  rows.push({ table: "edits", ...place, version, atMs, content });
}

/** Nothing of a message stays when it goes: neither in its row and its reactions nor in its edits and the changes. */
function eraseMessage(
  rows: Row[],
  { bucket, seq, messageId, edits }: Pick<Recalled, "bucket" | "seq" | "messageId" | "edits">,
  status: "recalled" | "expired",
  { key, stamp, atMs }: RecordMeta,
): void {
  const place = { conversationId: key, bucket, seq, stamp };
  rows.push({ table: "message_patches", ...place, atMs, status, content: "", terms: "" });
  rows.push(reactionsOf({ bucket, seq }, [], { key, stamp }));
  if (!edits) return;
  const change = JSON.stringify({ type: "edited", messageId, seq, atMs, by: edits.by } satisfies ConversationChange);
  for (const version of [0, ...edits.versions]) {
    rows.push({ table: "edits", ...place, version, atMs, content: "" });
    if (version > 0) rows.push({ table: "changes", conversationId: key, version, change, stamp });
  }
}
