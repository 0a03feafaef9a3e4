// One answer to a device: what happened since its vector (G6).
// Y1: the vector answered covers exactly what is included; what does not fit follows (`hasMore`). Y2: the cursor stands
// for that vector and is journaled before the answer leaves. Y3: what cannot be told as a difference is answered anew
// (`full`), never in part. Y4: own items come first, so that messages meet the lists they belong to.
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
import { findStart, issueCursor } from "./progress.ts";
import { readLists, readUserDifference, type UserLists } from "./user-lists.ts";
import { createView, unlessGone } from "./view.ts";

type SyncInput = Parameters<Reading["sync"]>[0];

export async function sync(deps: ReadingDeps, readHeads: ReadHeads, input: SyncInput): Promise<SyncResult> {
  const start = await findStart(deps, input);
  const budget: Budget = {
    messagesLeft: Math.max(1, input.maxMessages),
    bytesLeft: input.maxBytes,
    partsLeft: maxMarksPerRecord,
    isEmpty: true,
  };
  const lists = await readLists(deps, input.userId);
  const changes: SyncChange[] = [];
  let hasMore = await addUser(deps, input.userId, start.vector.userVersion, lists.version, budget, changes);
  if (!hasMore) hasMore = addLeft(start.vector, lists, budget, changes);
  if (!hasMore) hasMore = await addConversations({ ...deps, readHeads }, input, start.vector, lists, budget, changes);
  const vector = advance(start.vector, changes);
  const cursor = await issueCursor(deps, input, start, { vector, changes });
  return { changes, cursor, vector, hasMore, full: start.isFull, storeId: deps.storeId };
}

/** Y1 */
function advance(from: Vector, changes: readonly SyncChange[]): Vector {
  const vector: Vector = { userVersion: from.userVersion, conversations: { ...from.conversations } };
  for (const change of changes) {
    if (change.type === "user") vector.userVersion = change.version;
    else if (change.type === "conversation") vector.conversations[change.conversationId] = change.version;
    else delete vector.conversations[change.conversationId];
  }
  return vector;
}

async function addUser(
  deps: ReadingDeps,
  userId: string,
  fromVersion: number,
  toVersion: number,
  budget: Budget,
  changes: SyncChange[],
): Promise<boolean> {
  if (fromVersion === toVersion) return false;
  const { difference, bytes, isWhole } = await readUserDifference(deps, userId, fromVersion, budget.bytesLeft);
  changes.push(difference);
  take(budget, { messages: 0, bytes });
  return !isWhole;
}

/** Conversations the device holds and the user does not have any more. */
function addLeft({ conversations }: Vector, { entries }: UserLists, budget: Budget, changes: SyncChange[]): boolean {
  for (const conversationId of Object.keys(conversations)) {
    if (entries.has(conversationId)) continue;
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

async function addConversations(
  deps: ReadingDeps & { readHeads: ReadHeads },
  { userId, everyMessage }: SyncInput,
  { conversations }: Vector,
  lists: UserLists,
  budget: Budget,
  changes: SyncChange[],
): Promise<boolean> {
  const candidates = await listCandidates(deps.readHeads, userId, conversations, lists);
  for (let next = 0; next < candidates.length; ) {
    if (!hasRoom(budget)) return true;
    const chunk = nextChunk(candidates, next, budget, deps.limits.maxConcurrentAsks);
    const parts = await mapBounded(chunk, deps.limits.maxConcurrentAsks, (candidate) =>
      readCandidate(deps, userId, candidate, lists, { maxMessages: budget.messagesLeft, everyMessage }),
    );
    for (const part of parts) {
      if (part === undefined) continue;
      if (!hasRoom(budget)) return true;
      if (part.kind === "left") {
        changes.push({ type: "conversation_left", conversationId: part.conversationId });
        take(budget, { messages: 0, bytes: leftBytes });
        continue;
      }
      const fitted = fitDifference(part.difference, budget);
      if (!fitted) return true;
      changes.push(fitted.difference);
      take(budget, { messages: fitted.difference.messages.length, bytes: fitted.bytes });
      if (!fitted.isWhole || !part.isComplete) return true;
    }
    next += chunk.length;
  }
  return false;
}

/** Conversations whose head is not what the device holds, the liveliest first. */
async function listCandidates(
  readHeads: ReadHeads,
  userId: string,
  held: Vector["conversations"],
  { entries }: UserLists,
): Promise<Candidate[]> {
  const ids = [...entries.keys()];
  const known = await readHeads(userId, ids);
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
  | { kind: "left"; conversationId: ConversationId };

async function readCandidate(
  deps: ReadingDeps,
  userId: string,
  { conversationId, heldVersion, window: known }: Candidate,
  lists: UserLists,
  { maxMessages, everyMessage }: { maxMessages: number; everyMessage: true | undefined },
): Promise<Part | undefined> {
  const window = known ?? (await unlessGone(deps.actors.get(Conversation, conversationId).window({ userId })));
  if (!window) return heldVersion > 0 ? { kind: "left", conversationId } : undefined;
  // The head was older than the window: the device is up to date.
  if (window.head.version === heldVersion) return undefined;
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
