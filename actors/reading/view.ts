// What one viewer may see of one conversation at one version, and how a message looks to him.
// R1: nothing below `fromSeq` (visible range, cleared history) and nothing deleted for him is ever answered.
// R2: a recalled or expired message has no content, whatever the row still holds.
import { Conversation, type StoredMessage, type Window } from "../conversation/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import { type ListEntry, User } from "../user/contract.ts";
import type { VisibleMessage } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { createOverlay, type Overlay } from "./overlay.ts";

export interface View {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly window: Window;
  readonly overlay: Overlay;
  readonly entry: ListEntry | undefined;
  /** The first seq that the viewer may see (R1). */
  readonly fromSeq: number;
  readonly deletedSeqs: ReadonlySet<number>;
  readonly nowMs: number;
}

/** Two turns, side by side: the conversation's window, and what the user's own lists say of it. */
export async function openView(deps: ReadingDeps, userId: UserId, conversationId: ConversationId): Promise<View> {
  const [window, own] = await Promise.all([
    deps.actors.get(Conversation, conversationId).window({ userId }),
    deps.actors.get(User, userId).entry({ conversationId }),
  ]);
  return createView(deps, { userId, conversationId, window, entry: own.entry, deleted: own.deleted });
}

/**
 * What members see in common: the caller knows from where on each of them may see, and leaves the rest out. It is asked
 * as one of them, so that nobody outside is answered.
 */
export async function openSharedView(deps: ReadingDeps, userId: UserId, conversationId: ConversationId): Promise<View> {
  const window = await deps.actors.get(Conversation, conversationId).window({ userId });
  const shared = { ...window, visibleFromSeq: 1, other: undefined };
  return createView(deps, { userId: "", conversationId, window: shared, entry: undefined, deleted: [] });
}

export function createView(
  deps: ReadingDeps,
  of: {
    userId: UserId;
    conversationId: ConversationId;
    window: Window;
    entry: ListEntry | undefined;
    deleted: readonly { seq: number }[];
  },
): View {
  const { userId, conversationId, window, entry } = of;
  return {
    userId,
    conversationId,
    window,
    entry,
    overlay: createOverlay(conversationId, window),
    fromSeq: Math.max(1, window.visibleFromSeq, (entry?.clearedSeq ?? 0) + 1),
    deletedSeqs: of.deleted.length === 0 ? noSeqs : new Set(of.deleted.map(({ seq }) => seq)),
    nowMs: deps.clock.nowMs(),
  };
}

const noSeqs: ReadonlySet<number> = new Set();

export function canSee(view: View, seq: number): boolean {
  return seq >= view.fromSeq && seq <= view.window.head.seq && !view.deletedSeqs.has(seq);
}

/** R2 */
export function withoutSecrets(view: View, message: StoredMessage): StoredMessage {
  if (message.status === "recalled" || message.status === "expired") {
    return message.content === null ? message : { ...message, content: null };
  }
  const { expireAtMs, seq } = message;
  const isOver = (expireAtMs !== undefined && expireAtMs <= view.nowMs) || view.window.vanishedSeqs?.includes(seq);
  return isOver ? { ...message, status: "expired", content: null } : message;
}

export function show(view: View, message: StoredMessage): VisibleMessage {
  return { ...withoutSecrets(view, message), viewStatus: viewStatus(view, message) };
}

/** Own messages: how far the other one of the pair has got. Those of others: whether the viewer has read them. */
function viewStatus(view: View, { senderId, seq }: StoredMessage): VisibleMessage["viewStatus"] {
  const { other } = view.window;
  if (senderId !== view.userId) return seq <= ownReadSeq(view) ? "read" : "delivered";
  if (!other) return "sent";
  if (seq <= other.readSeq) return "read";
  return seq <= other.deliveredSeq ? "delivered" : "sent";
}

export function ownReadSeq({ window, entry }: View): number {
  return Math.max(window.readSeq, entry?.readSeq ?? 0);
}

/**
 * Going down from `topSeq`, the lowest seq of a range with `count` visible messages. Seqs are dense and deletions known,
 * so a page costs one range, whatever is left out of it.
 */
export function walkDown(view: View, topSeq: number, count: number): number {
  if (view.deletedSeqs.size === 0) return Math.max(view.fromSeq, topSeq - count + 1);
  let seq = topSeq + 1;
  for (let left = count; left > 0 && seq > view.fromSeq; ) {
    seq -= 1;
    if (!view.deletedSeqs.has(seq)) left -= 1;
  }
  return Math.max(view.fromSeq, seq);
}

export function walkUp(view: View, bottomSeq: number, count: number): number {
  const { seq: lastSeq } = view.window.head;
  if (view.deletedSeqs.size === 0) return Math.min(lastSeq, bottomSeq + count - 1);
  let seq = bottomSeq - 1;
  for (let left = count; left > 0 && seq < lastSeq; ) {
    seq += 1;
    if (!view.deletedSeqs.has(seq)) left -= 1;
  }
  return Math.min(lastSeq, seq);
}

/** The viewer may not see the conversation any more: he left, was removed, or it is gone. */
export async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DomainError && goneErrors.has(error.error)) return undefined;
    throw error;
  }
}
const goneErrors: ReadonlySet<string> = new Set([
  "group.not_member",
  "group.not_found",
  "group.dissolved",
  "session.not_found",
]);
