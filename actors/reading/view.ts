// What one viewer may see of one conversation at one version, and how a message looks to that viewer. No answer holds a
// message below `fromSeq` (visible range, cleared history) or one that the viewer deleted. A recalled or expired message has no
// content, whatever the row still holds.
import { Conversation, type Reaction, type StoredMessage, type Window } from "../conversation/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";
import { type ListEntry, User } from "../user/contract.ts";
import type { ShownReaction, VisibleMessage } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { createOverlay, type Overlay } from "./overlay.ts";

export interface View {
  readonly userId: UserId;
  readonly conversationId: ConversationId;
  readonly window: Window;
  readonly overlay: Overlay;
  readonly entry: ListEntry | undefined;
  /** The first seq that the viewer may see. */
  readonly fromSeq: number;
  /** Deleted for the viewer, and answers that have a newer version (unless the view shows versions). */
  readonly deletedSeqs: ReadonlySet<number>;
  readonly nowMs: number;
  /** Messages before it are quoted to nobody whom this view is for. */
  readonly quotesFromSeq: number;
}

/** Asks the conversation for its window and the user for the list entry, at the same time. */
export async function openView(
  deps: ReadingDeps,
  userId: UserId,
  conversationId: ConversationId,
  withVersions = false,
): Promise<View> {
  const [window, own] = await Promise.all([
    deps.actors.get(Conversation, conversationId).window({ userId }),
    deps.actors.get(User, userId).entry({ conversationId }),
  ]);
  return createView(deps, { userId, conversationId, window, entry: own.entry, deleted: own.deleted, withVersions });
}

/**
 * The view that all members share: the caller knows each member's visible range and filters by it. `userId` is one of the
 * members, so that the conversation refuses somebody else.
 */
export async function openSharedView(deps: ReadingDeps, userId: UserId, conversationId: ConversationId): Promise<View> {
  const window = await deps.actors.get(Conversation, conversationId).window({ userId });
  const shared = { ...window, visibleFromSeq: 1, other: undefined };
  const view = createView(deps, { userId: "", conversationId, window: shared, entry: undefined, deleted: [] });
  return { ...view, quotesFromSeq: window.membersFromSeq ?? Number.POSITIVE_INFINITY };
}

export function createView(
  deps: ReadingDeps,
  of: {
    userId: UserId;
    conversationId: ConversationId;
    window: Window;
    entry: ListEntry | undefined;
    deleted: readonly { seq: number }[];
    withVersions?: boolean;
  },
): View {
  const { userId, conversationId, window, entry, withVersions = false } = of;
  const fromSeq = Math.max(1, window.visibleFromSeq, (entry?.clearedSeq ?? 0) + 1);
  const view: View = {
    userId,
    conversationId,
    window,
    entry,
    overlay: createOverlay(conversationId, window),
    fromSeq,
    quotesFromSeq: fromSeq,
    deletedSeqs: of.deleted.length === 0 ? noSeqs : new Set(of.deleted.map(({ seq }) => seq)),
    nowMs: deps.clock.nowMs(),
  };
  return withVersions ? view : withoutVersions(view);
}

/** Without the answers of models that have a newer version. */
export function withoutVersions(view: View): View {
  const { supersededSeqs = [] } = view.window;
  return supersededSeqs.length === 0
    ? view
    : { ...view, deletedSeqs: new Set([...view.deletedSeqs, ...supersededSeqs]) };
}

const noSeqs: ReadonlySet<number> = new Set();

export function canSee(view: View, seq: number): boolean {
  return seq >= view.fromSeq && seq <= view.window.head.seq && !view.deletedSeqs.has(seq);
}

/** Without the content that nobody may see any more. */
export function withoutSecrets(view: View, message: StoredMessage): StoredMessage {
  if (message.status === "recalled" || message.status === "expired") {
    if (message.content === null && message.reactedBy === undefined) return message;
    const { reactedBy: _, ...rest } = message;
    return { ...rest, content: null };
  }
  const { expireAtMs, seq } = message;
  const isOver = (expireAtMs !== undefined && expireAtMs <= view.nowMs) || view.window.vanishedSeqs?.includes(seq);
  if (isOver) return { ...message, reactedBy: undefined, status: "expired", content: null };
  return view.window.supersededSeqs?.includes(seq) ? { ...message, status: "superseded" } : message;
}

export function show(view: View, message: StoredMessage): VisibleMessage {
  const { reactedBy, ...visible } = withoutSecrets(view, message);
  const isPinned = view.window.pins?.some(({ seq }) => seq === message.seq) ?? false;
  const reactions = reactedBy ? reactedBy.map((reaction) => shownReaction(view, reaction)) : noReactions;
  return { ...visible, viewStatus: viewStatus(view, message), isPinned, reactions };
}

const noReactions: readonly ShownReaction[] = [];

function shownReaction({ userId }: View, { emoji, userIds }: Reaction): ShownReaction {
  return { emoji, count: userIds.length, mine: userIds.includes(userId) };
}

/** For the viewer's own message: the progress of the pair's other user. For another's: whether the viewer has read it. */
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
 * The lowest seq of a range that goes down from `topSeq` and holds `count` visible messages. Seqs are dense and deletions
 * known, so one range makes a page, however many messages of it are left out.
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

/** Undefined when the viewer may not see the conversation any more: they left or were removed, or it was dissolved. */
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
