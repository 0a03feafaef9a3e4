// The owner's tail for reads: records that the rows may not hold yet (J7). Here a conversation's events become messages and
// changes of the reading side. The tail is a suffix of the records, so it holds every send and every version from its first one
// on. It can be applied over rows that hold it already, or hold later changes: a recalled or expired message stays so, and of
// two edits the later one wins.
import type { ConversationChange, Reaction, StoredMessage, Window } from "../conversation/contract.ts";
import { messageOf } from "../conversation/message.ts";
import { changesOf } from "../conversation/model/changes.ts";
import type { ConversationEvent } from "../conversation/model/events.ts";
import type { VersionedChange } from "../shared/conversation.ts";
import type { ConversationId } from "../shared/ids.ts";

export interface Overlay {
  /** The tail's sends by seq, in their present state. */
  readonly messages: ReadonlyMap<number, StoredMessage>;
  /** The first seq in the tail; head.seq + 1 when the tail has no send. */
  readonly firstSeq: number;
  /** Versioned events of the tail without its sends, ascending. */
  readonly changes: readonly VersionedChange[];
  /** The first version in the tail; head.version + 1 when the tail has none. */
  readonly firstVersion: number;
  /** The tail's changes of messages, by seq, in order. */
  readonly patches: ReadonlyMap<number, readonly MessageChange[]>;
  /** Reactions that the rows may not hold yet, by seq of their message. */
  readonly reactions: ReadonlyMap<number, readonly Reaction[]>;
}
/** A change of what the message says. Its pin, its reactions and a newer version of an answer are none. */
type MessageChange = Extract<ConversationChange, { type: "edited" | "recalled" | "expired" }>;

export function createOverlay(
  conversationId: ConversationId,
  { head, tail, reactions: waiting = [] }: Window,
): Overlay {
  const reactions = new Map(waiting);
  if (tail.length === 0) return { ...empty, reactions, firstSeq: head.seq + 1, firstVersion: head.version + 1 };
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
        if (event.type === "reacted") reactions.set(event.seq, event.reactions);
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
  // Taps that wait are newer than every version of the tail.
  for (const [seq, reactedBy] of waiting) reactions.set(seq, reactedBy);
  for (const [seq, reactedBy] of reactions) {
    const message = messages.get(seq);
    if (message) messages.set(seq, { ...message, reactedBy });
  }
  return { messages, firstSeq, changes, firstVersion, patches, reactions };
}

const empty = { messages: new Map(), changes: [], patches: new Map() };

/** A row in the state that the tail leaves it in. */
export function applyTail({ patches, reactions }: Overlay, row: StoredMessage): StoredMessage {
  const changes = patches.get(row.seq);
  const patched = changes ? changes.reduce(applyChange, row) : row;
  const reactedBy = reactions.get(row.seq);
  return reactedBy ? { ...patched, reactedBy } : patched;
}

export function isOfMessage(change: ConversationChange): change is MessageChange {
  return change.type === "edited" || change.type === "recalled" || change.type === "expired";
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
