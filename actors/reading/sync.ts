// One answer to a device: what happened since the vector that the device holds (G6).
// The answered vector covers exactly what the answer includes; the rest follows (`hasMore`). The cursor stands for that vector
// and is journaled before the answer leaves. What cannot be answered as a difference is answered anew (`full`), never in
// part. The user's own items come first, so that messages meet the lists that they belong to. A device that is ahead of this
// store has seen another history (a store restored from a copy): it is answered anew, too.
import { Conversation, type Window } from "../conversation/contract.ts";
import type { Head } from "../runtime/head.ts";
import { maxMarksPerRecord, type Vector } from "../session/contract.ts";
import type { ConversationId } from "../shared/ids.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import { type Budget, hasRoom, take } from "./budget.ts";
import type { Reading, SyncChange, SyncResult } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { readDifference } from "./difference.ts";
import { fitDifference } from "./fit.ts";
import type { ReadHeads } from "./known-heads.ts";
import { findStart, fromNothing, issueCursor, type Start } from "./progress.ts";
import { readLists, readUserDifference, type UserLists } from "./user-lists.ts";
import { createView, unlessGone } from "./view.ts";

type SyncInput = Parameters<Reading["sync"]>[0];

/** What one answer is made of, and what it holds so far. */
interface Answer {
  readonly deps: ReadingDeps;
  readonly readHeads: ReadHeads;
  readonly input: SyncInput;
  readonly start: Start;
  readonly lists: UserLists;
  readonly budget: Budget;
  readonly changes: SyncChange[];
}

export async function sync(deps: ReadingDeps, readHeads: ReadHeads, input: SyncInput): Promise<SyncResult> {
  const start = await findStart(deps, input);
  const lists = await readLists(deps, input.userId);
  return (
    (await answer({ deps, readHeads, input, start, lists, ...emptyAnswer(input) })) ??
    (await answer({ deps, readHeads, input, start: fromNothing(), lists, ...emptyAnswer(input) }))!
  );
}

function emptyAnswer({ maxMessages, maxBytes }: SyncInput): Pick<Answer, "budget" | "changes"> {
  const messagesLeft = Math.max(1, maxMessages);
  return { budget: { messagesLeft, bytesLeft: maxBytes, partsLeft: maxMarksPerRecord, isEmpty: true }, changes: [] };
}

/** Undefined: the device is ahead of this store. A device that begins with nothing never is. */
async function answer(parts: Answer): Promise<SyncResult | undefined> {
  const { deps, input, start, lists, changes } = parts;
  if (start.vector.userVersion > lists.version) return undefined;
  let hasMore = (await addUser(parts)) || addLeft(parts);
  if (!hasMore) {
    const outcome = await addConversations(parts);
    if (outcome === "ahead") return undefined;
    hasMore = outcome === "more";
  }
  const vector = advance(start.vector, changes);
  const cursor = await issueCursor(deps, input, start, { vector, changes });
  return { changes, cursor, vector, hasMore, full: start.isFull, storeId: deps.storeId };
}

/** The vector after the changes. */
function advance(from: Vector, changes: readonly SyncChange[]): Vector {
  const vector: Vector = { userVersion: from.userVersion, conversations: { ...from.conversations } };
  for (const change of changes) {
    if (change.type === "user") vector.userVersion = change.version;
    else if (change.type === "conversation") vector.conversations[change.conversationId] = change.version;
    else delete vector.conversations[change.conversationId];
  }
  return vector;
}

/** True: the rest of the user's items follows in the next answer. */
async function addUser({ deps, input, start, lists, budget, changes }: Answer): Promise<boolean> {
  const { userVersion } = start.vector;
  if (userVersion === lists.version) return false;
  const read = await readUserDifference(deps, input.userId, userVersion, budget.bytesLeft);
  changes.push(read.difference);
  take(budget, { messages: 0, bytes: read.bytes });
  return !read.isWhole;
}

/** Conversations that the device holds and the user does not have any more. True: more of them follow. */
function addLeft({ start, lists, budget, changes }: Answer): boolean {
  for (const conversationId of Object.keys(start.vector.conversations)) {
    if (lists.entries.has(conversationId)) continue;
    if (!hasRoom(budget)) return true;
    changes.push({ type: "conversation_left", conversationId });
    take(budget, { messages: 0, bytes: leftBytes });
  }
  return false;
}
const leftBytes = 80;

interface Candidate {
  conversationId: ConversationId;
  /** The version that the device holds; 0 = none. */
  heldVersion: number;
  head: Head | undefined;
  window: Window | undefined;
}

async function addConversations(parts: Answer): Promise<"all" | "more" | "ahead"> {
  const { deps, budget, changes } = parts;
  const { maxConcurrentAsks } = deps.limits;
  const candidates = await listCandidates(parts);
  for (let next = 0; next < candidates.length; ) {
    if (!hasRoom(budget)) return "more";
    const chunk = nextChunk(candidates, next, budget, maxConcurrentAsks);
    const maxMessages = budget.messagesLeft;
    const read = await mapBounded(chunk, maxConcurrentAsks, (candidate) =>
      readCandidate(parts, candidate, maxMessages),
    );
    if (read.some((part) => part?.kind === "ahead")) return "ahead";
    for (const part of read) {
      if (part === undefined || part.kind === "ahead") continue;
      if (!hasRoom(budget)) return "more";
      if (part.kind === "left") {
        changes.push({ type: "conversation_left", conversationId: part.conversationId });
        take(budget, { messages: 0, bytes: leftBytes });
        continue;
      }
      const fitted = fitDifference(part.difference, budget);
      if (!fitted) return "more";
      changes.push(fitted.difference);
      take(budget, { messages: fitted.difference.messages.length, bytes: fitted.bytes });
      if (!fitted.isWhole || !part.isComplete) return "more";
    }
    next += chunk.length;
  }
  return "all";
}

/** Conversations whose head is not what the device holds, the liveliest first. */
async function listCandidates({ readHeads, input, start, lists }: Answer): Promise<Candidate[]> {
  const held = start.vector.conversations;
  const ids = [...lists.entries.keys()];
  const known = await readHeads(input.userId, ids);
  return ids
    .map((conversationId): Candidate => {
      const { head, window } = known.get(conversationId) ?? {};
      return { conversationId, heldVersion: held[conversationId] ?? 0, head, window };
    })
    .filter(({ head, heldVersion }) => head?.version !== heldVersion && (head !== undefined || heldVersion > 0))
    .sort((a, b) => lastActivityMs(b.head) - lastActivityMs(a.head));
}

function lastActivityMs(head: Head | undefined): number {
  return head?.last?.atMs ?? head?.updatedAtMs ?? 0;
}

/** Conversations that will fit by what their versions say, so that little is read for nothing. */
function nextChunk(candidates: readonly Candidate[], from: number, budget: Budget, maxCount: number): Candidate[] {
  const chunk: Candidate[] = [];
  let expected = 0;
  for (let i = from; i < candidates.length && chunk.length < maxCount; i += 1) {
    const candidate = candidates[i]!;
    if (chunk.length > 0 && expected >= budget.messagesLeft) break;
    expected += Math.max(1, (candidate.head?.version ?? 0) - candidate.heldVersion);
    chunk.push(candidate);
  }
  return chunk;
}

type Part =
  | ({ kind: "difference" } & Awaited<ReturnType<typeof readDifference>>)
  | { kind: "left"; conversationId: ConversationId }
  | { kind: "ahead" };

async function readCandidate(
  { deps, input, lists }: Answer,
  { conversationId, heldVersion, window: known }: Candidate,
  maxMessages: number,
): Promise<Part | undefined> {
  const { userId, everyMessage } = input;
  const window = known ?? (await unlessGone(deps.actors.get(Conversation, conversationId).window({ userId })));
  if (!window) return heldVersion > 0 ? { kind: "left", conversationId } : undefined;
  // The cached head was older than the conversation, and the device is up to date.
  if (window.head.version === heldVersion) return undefined;
  if (window.head.version < heldVersion) return { kind: "ahead" };
  const entry = lists.entries.get(conversationId);
  const deleted = lists.deleted.get(conversationId) ?? [];
  const view = createView(deps, { userId, conversationId, window, entry, deleted });
  const { maxDifferenceMessages, maxFirstMessages } = deps.limits;
  const bounds = {
    maxMessages: Math.max(1, maxMessages),
    maxMissed: maxDifferenceMessages,
    maxNewest: maxFirstMessages,
    everyMessage,
  };
  return { kind: "difference", ...(await readDifference(deps, view, heldVersion, bounds)) };
}
