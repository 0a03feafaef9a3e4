// What happened in a conversation after a version, without an index by version (G6).
// Versions are dense, and every versioned event is a send or a change. So between the versions a and b there are
// (b − a) − (number of changes) sends, and they are the newest seqs up to the seq at b. An answer is exact up to its own
// version: the rest is cut off at a version, and nothing before it is missing. Events that the viewer may not see are left
// out, and the version counts them all the same.
import type { ConversationChange, StoredMessage } from "../conversation/contract.ts";
import type { VersionedChange } from "../shared/conversation.ts";
import type { SyncChange, VisibleMessage } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { isOfMessage } from "./overlay.ts";
import { withQuotes } from "./quotes.ts";
import { readRange } from "./rows.ts";
import { countFrom } from "./unread.ts";
import { canSee, ownReadSeq, show, type View, walkDown, walkUp } from "./view.ts";

export type ConversationDifference = Extract<SyncChange, { type: "conversation" }>;

interface DifferenceBounds {
  /** At least 1. */
  maxMessages: number;
  /** More messages missed than this: the newest messages instead, and `full`. */
  maxMissed: number;
  /** Messages of a `full` answer. */
  maxNewest: number;
  /** Never `full`: all missed messages are answered, the oldest first. */
  everyMessage?: boolean | undefined;
  /** Also changes of messages that this answer holds: the device may have an unconfirmed, older state of them. */
  everyChange?: boolean;
}

export async function readDifference(
  deps: ReadingDeps,
  view: View,
  fromVersion: number,
  bounds: DifferenceBounds,
): Promise<{ difference: ConversationDifference; isComplete: boolean }> {
  const { head } = view.window;
  const newest = async () => ({ difference: await readNewest(deps, view, fromVersion, bounds), isComplete: true });
  const { everyMessage } = bounds;
  if (fromVersion > head.version || (fromVersion <= 0 && !everyMessage)) return newest();
  const { fromSeq, changes, nextVersion } = await locate(deps, view, fromVersion);
  if (head.seq - fromSeq > bounds.maxMissed && !everyMessage) return newest();
  // The viewer left and came back: the device may hold messages from before the visible range.
  if (!everyMessage && changes.some(({ change }) => isOwnMembership(view, change))) return newest();
  const firstSeq = Math.max(fromSeq + 1, view.fromSeq);
  // One message more than fits: the answer is cut at its version.
  const lastSeq = walkUp(view, firstSeq, bounds.maxMessages + 1);
  const stored = await readRange(deps, view, firstSeq, lastSeq);
  const visible = stored.filter(({ seq }) => canSee(view, seq));
  const overflow = visible[bounds.maxMessages];
  const toVersion = Math.min(
    head.version,
    (nextVersion ?? Number.POSITIVE_INFINITY) - 1,
    (overflow?.version ?? Number.POSITIVE_INFINITY) - 1,
  );
  const isComplete = toVersion === head.version;
  const messages = isComplete ? visible : visible.filter(({ version }) => version <= toVersion);
  const lastKnown = stored.findLast(({ version }) => version <= toVersion);
  return {
    isComplete,
    difference: {
      ...summary(view, fromVersion),
      version: toVersion,
      seq: isComplete ? head.seq : (lastKnown?.seq ?? fromSeq),
      full: false,
      messages: await showAll(deps, view, messages),
      changes: decideChanges(view, bounds.everyChange ? head.seq : fromSeq, changes, toVersion),
    },
  };
}

/** The newest messages that the viewer may see; older ones are fetched by history. */
async function readNewest(
  deps: ReadingDeps,
  view: View,
  fromVersion: number,
  bounds: DifferenceBounds,
): Promise<ConversationDifference> {
  const { head } = view.window;
  const stored = await readRange(deps, view, walkDown(view, head.seq, bounds.maxNewest), head.seq);
  const messages = await showAll(
    deps,
    view,
    stored.filter(({ seq }) => canSee(view, seq)),
  );
  return { ...summary(view, fromVersion), version: head.version, seq: head.seq, full: true, messages, changes: [] };
}

function showAll(deps: ReadingDeps, view: View, messages: readonly StoredMessage[]): Promise<VisibleMessage[]> {
  return withQuotes(
    deps,
    view,
    messages.map((message) => show(view, message)),
    "sent",
  );
}

function summary(view: View, fromVersion: number) {
  const { conversationId, entry, window, deletedSeqs } = view;
  return {
    type: "conversation" as const,
    conversationId,
    fromVersion,
    countSeq: window.head.countSeq,
    readSeq: Math.max(ownReadSeq(view), window.visibleFromSeq - 1),
    ...(window.other && { otherReadSeq: window.other.readSeq }),
    ...countFrom(window, { entry, deleted: [...deletedSeqs].map((seq) => ({ seq })) }),
  };
}

/** The seq at `fromVersion`, and the changes after that version; `nextVersion` is the first change that was not read. */
async function locate(
  deps: ReadingDeps,
  view: View,
  fromVersion: number,
): Promise<{ fromSeq: number; changes: VersionedChange[]; nextVersion: number | undefined }> {
  const { overlay } = view;
  const { maxDifferenceChanges } = deps.limits;
  const tailChanges = overlay.changes.filter(({ version }) => version > fromVersion);
  const rowsToVersion = overlay.firstVersion - 1;
  if (fromVersion >= rowsToVersion) {
    const sends = countAfter(overlay.messages.values(), fromVersion);
    return { fromSeq: view.window.head.seq - sends, changes: tailChanges, nextVersion: undefined };
  }
  const rows = await deps.changes.range(
    view.conversationId,
    fromVersion,
    rowsToVersion,
    // One more than allowed shows where to cut.
    maxDifferenceChanges + 1,
  );
  const rowsToSeq = overlay.firstSeq - 1;
  if (rows.length <= maxDifferenceChanges) {
    const fromSeq = rowsToSeq - (rowsToVersion - fromVersion - rows.length);
    return { fromSeq, changes: [...rows, ...tailChanges], nextVersion: undefined };
  }
  const fromSeq = await findSeqAt(deps, view, fromVersion, rowsToSeq, rowsToVersion);
  return { fromSeq, changes: rows.slice(0, -1), nextVersion: rows.at(-1)!.version };
}

function countAfter(messages: Iterable<StoredMessage>, fromVersion: number): number {
  let count = 0;
  for (const { version } of messages) if (version > fromVersion) count += 1;
  return count;
}

/** For too many changes to count: versions of messages rise with their seqs, so a binary search finds the seq. */
async function findSeqAt(
  deps: ReadingDeps,
  view: View,
  fromVersion: number,
  lastSeq: number,
  lastVersion: number,
): Promise<number> {
  let low = Math.max(0, lastSeq - (lastVersion - fromVersion));
  let high = lastSeq;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const [message] = await readRange(deps, view, middle, middle);
    if (message!.version <= fromVersion) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Changes that the viewer may see, up to `toVersion`. Messages after `knownSeq` reach the device in their present state, so
 * their changes are left out.
 */
function decideChanges(
  view: View,
  knownSeq: number,
  changes: readonly VersionedChange[],
  toVersion: number,
): VersionedChange[] {
  const kept: VersionedChange[] = [];
  const overtaken = new Set<string>();
  for (let i = changes.length - 1; i >= 0; i -= 1) {
    const { version, change } = changes[i]!;
    if (version > toVersion) continue;
    const isOwn = isOfMessage(change) || change.type === "pinned" || change.type === "reacted";
    if (isOwn && (change.seq > knownSeq || !canSee(view, change.seq))) continue;
    // The older answer is seen no more, but a device that holds it has to drop it.
    if (change.type === "superseded" && (change.seq > knownSeq || change.seq < view.fromSeq)) continue;
    // Only the last change of a message counts, so that no edit shows a content recalled later; likewise the last read mark.
    const subject = subjectOf(change);
    if (subject !== undefined && overtaken.has(subject)) continue;
    if (subject !== undefined) overtaken.add(subject);
    kept.push({ version, change });
  }
  return kept.reverse();
}

function subjectOf(change: ConversationChange): string | undefined {
  if (isOfMessage(change)) return `message ${change.seq}`;
  // Each has a subject of its own: it must not overtake an edit, nor be overtaken by one.
  if (change.type === "pinned" || change.type === "reacted") return `${change.type} ${change.seq}`;
  return change.type === "read" ? `read ${change.userId}` : undefined;
}

function isOwnMembership({ userId }: View, change: ConversationChange): boolean {
  return (change.type === "member_joined" || change.type === "member_left") && change.userIds.includes(userId);
}
