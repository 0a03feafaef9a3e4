// The owner's tail as reads need it: what the rows may not hold yet (J7). The one place that knows how a conversation's
// events become messages and changes on the reading side.
// O1: the tail is a suffix of the records, so from its first send and its first version on it holds everything.
// O2: applying it over rows that hold it already, or later things, changes nothing: a recalled or expired message stays
// so, and of two edits the later one stands.
import type { ConversationChange, StoredMessage, Window } from "../conversation/contract.ts";
import { messageOf } from "../conversation/message.ts";
import { changesOf } from "../conversation/model/changes.ts";
import type { ConversationEvent } from "../conversation/model/events.ts";
import type { VersionedChange } from "../shared/conversation.ts";
import type { ConversationId } from "../shared/ids.ts";

export interface Overlay {
  /** The tail's sends by seq, in their present state. */
  readonly messages: ReadonlyMap<number, StoredMessage>;
  /** The first seq that stands in the tail; head.seq + 1 when none does. */
  readonly firstSeq: number;
  /** Versioned events of the tail but its sends, ascending. */
  readonly changes: readonly VersionedChange[];
  /** The first version that stands in the tail; head.version + 1 when none does. */
  readonly firstVersion: number;
  /** What the tail did to messages, by seq, in order. */
  readonly patches: ReadonlyMap<number, readonly MessageChange[]>;
}
export type MessageChange = Extract<ConversationChange, { messageId: string }>;

export function createOverlay(conversationId: ConversationId, { head, tail }: Window): Overlay {
  if (tail.length === 0) return { ...empty, firstSeq: head.seq + 1, firstVersion: head.version + 1 };
  const messages = new Map<number, StoredMessage>();
  const changes: VersionedChange[] = [];
  const patches = new Map<number, MessageChange[]>();
  let firstVersion = head.version + 1;
  for (const record of tail) {
    for (const event of record.events as readonly ConversationEvent[]) {
      if (event.type === "sent") {
        if (event.seq > head.seq) continue;
        firstVersion = Math.min(firstVersion, event.version);
        messages.set(event.seq, messageOf(conversationId, event, record.atMs));
        continue;
      }
      for (const { version, change } of changesOf(event, record.atMs)) {
        if (version > head.version) continue;
        firstVersion = Math.min(firstVersion, version);
        changes.push({ version, change });
        if (!isOfMessage(change)) continue;
        const known = messages.get(change.seq);
        if (known) messages.set(change.seq, applyChange(known, change));
        const list = patches.get(change.seq);
        if (list) list.push(change);
        else patches.set(change.seq, [change]);
      }
    }
  }
  const [firstSeq = head.seq + 1] = messages.keys();
  return { messages, firstSeq, changes, firstVersion, patches };
}

const empty = { messages: new Map(), changes: [], patches: new Map() };

/** O2: a row in the state that the tail leaves it in. */
export function applyTail({ patches }: Overlay, row: StoredMessage): StoredMessage {
  const changes = patches.get(row.seq);
  return changes ? changes.reduce(applyChange, row) : row;
}

export function isOfMessage(change: ConversationChange): change is MessageChange {
  return "messageId" in change;
}

function applyChange(message: StoredMessage, change: MessageChange): StoredMessage {
  if (message.status === "recalled" || message.status === "expired") return message;
  if (change.type !== "edited") {
    const { editedAtMs: _, ...gone } = message;
    return { ...gone, status: change.type, content: null };
  }
  if (message.editedAtMs !== undefined && message.editedAtMs > change.atMs) return message;
  return { ...message, status: "edited", content: change.content, editedAtMs: change.atMs };
}
