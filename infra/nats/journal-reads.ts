// Reads a shard's log.
// journal-reads/end: the stream's leader decides where a log ends, because a replica may lag. Commits of a replica above
//     that end are not returned, and commits that the replica lacks are read from the leader, one by one.
// journal-reads/batch: of a batch the commits up to the first gap count.
// A deposed leader that does not know it yet may answer, too. So the end is a hint, and only an append decides (J3, J4).
import { createInbox, type Msg } from "nats";
import type { StoredCommit } from "../../actors/runtime/ports.ts";
import { askLeader, type StoredMessage, whenConnected } from "./ask-leader.ts";
import type { NatsConnection } from "./connection.ts";
import { NatsError } from "./errors.ts";

/** The rest of a batch is read from the leader when its replica (paused, cut off) is silent for this long. */
const batchSilenceMsMax = 500;
const batchCommitsMax = 1_000;
/** Far below the 64 MiB of unread data at which the server disconnects a slow reader. */
const batchBytesMax = 8 * 1024 * 1024;
/** Up to so many commits are read from the leader one by one, which saves two round trips. */
const fewCommits = 2;
/** Another replica may answer each attempt. */
const newestTriesMax = 3;

interface LogRange {
  readonly from: number;
  readonly max: number;
  /** The caller has seen a commit with this sequence in the log, and needs the commits up to it only. */
  readonly knownLast?: number | undefined;
}

/** Commits of `subject` from `from` on, oldest first: `max` of them, or fewer when the log or the range ends at `knownLast`. */
export async function readLog(
  connection: NatsConnection,
  stream: string,
  subject: string,
  { from, max, knownLast }: LogRange,
): Promise<StoredCommit[]> {
  const next = async (seq: number) => commitOf(await askLeader(connection, stream, { seq, next_by_subj: subject }));
  if (max <= fewCommits) return readOneByOne(next, from, max, Number.POSITIVE_INFINITY);
  const last = knownLast === undefined ? await readLast(connection, stream, subject) : undefined;
  const end = knownLast ?? last?.sequence ?? 0;
  if (end < from || end === 0) return [];
  if (last?.sequence === from) return [last];
  const commits: StoredCommit[] = [];
  const position = () => (commits.at(-1)?.sequence ?? from - 1) + 1;
  const isWhole = () => commits.length >= max || position() > end;
  while (!isWhole()) {
    const batch = await readBatch(connection, stream, {
      seq: Math.max(1, position()),
      next_by_subj: subject,
      batch: Math.min(batchCommitsMax, max - commits.length),
      max_bytes: batchBytesMax,
    });
    const known = batch.filter(({ sequence }) => sequence <= end); // journal-reads/end
    commits.push(...known);
    if (known.length === 0) break; // this replica lags or is silent
  }
  if (!isWhole()) commits.push(...(await readOneByOne(next, position(), max - commits.length, end)));
  return commits;
}

/** The newest commit of `subject`, read from the leader. */
export async function readLast(
  connection: NatsConnection,
  stream: string,
  subject: string,
): Promise<StoredCommit | undefined> {
  return commitOf(await askLeader(connection, stream, { last_by_subj: subject }));
}

function commitOf(message: StoredMessage | undefined): StoredCommit | undefined {
  return message && { sequence: message.sequence, commit: message.data };
}

async function readOneByOne(
  next: (seq: number) => Promise<StoredCommit | undefined>,
  from: number,
  max: number,
  upTo: number,
): Promise<StoredCommit[]> {
  const commits: StoredCommit[] = [];
  for (let seq = from; commits.length < max && seq <= upTo; ) {
    const commit = await next(seq);
    if (!commit) break;
    commits.push(commit);
    seq = commit.sequence + 1;
  }
  return commits;
}

/** Subject → sequence of its newest commit, read from any replica, hence a hint. Rejects with NatsError. */
export async function readNewest(connection: NatsConnection, stream: string): Promise<Map<string, number>> {
  for (let tries = 1; ; tries++) {
    const newest = await readNewestOnce(connection, stream);
    if (newest) return newest;
    if (tries === newestTriesMax) throw new NatsError("unknown", `${stream}: no replica shows the newest commits`);
  }
}

/** Undefined when the answer was incomplete. */
async function readNewestOnce(connection: NatsConnection, stream: string): Promise<Map<string, number> | undefined> {
  const newest = new Map<string, number>();
  const query = { multi_last: ["journal.*"], max_bytes: batchBytesMax };
  let upTo: number | undefined;
  // When a page reaches its byte limit, the next page begins after its last sequence. All pages end where the first one ended.
  for (let seq = 1; ; ) {
    const page = await collect(connection, stream, { ...query, seq, up_to_seq: upTo });
    for (const { subject, sequence } of page.messages) newest.set(subject, sequence);
    if (page.pending === undefined) return undefined;
    upTo ??= page.upToSequence;
    const last = page.messages.at(-1);
    if (!last || page.pending === 0) return newest;
    seq = last.sequence + 1;
  }
}

interface BatchQuery {
  readonly seq: number;
  readonly next_by_subj: string;
  readonly batch: number;
  readonly max_bytes: number;
}
async function readBatch(connection: NatsConnection, stream: string, query: BatchQuery): Promise<StoredCommit[]> {
  const { messages } = await collect(connection, stream, query);
  return messages.map(({ sequence, data }) => ({ sequence, commit: data }));
}

interface Collected {
  messages: { subject: string; sequence: number; data: Uint8Array }[];
  /** Messages that the server left for a further batch; undefined when the end of this batch did not arrive. */
  pending: number | undefined;
  upToSequence: number | undefined;
}

/** Resolves with the messages that arrived in order, at the latest after a silence of `batchSilenceMsMax`. */
async function collect(connection: NatsConnection, stream: string, query: object): Promise<Collected> {
  await whenConnected(connection);
  const { client } = connection;
  const inbox = createInbox();
  const collected: Collected = { messages: [], pending: undefined, upToSequence: undefined };
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let timer = setTimeout(end, batchSilenceMsMax);
  const subscription = client.subscribe(inbox, {
    callback: (error, message) => {
      if (error || !takeMessage(collected, message)) return end();
      clearTimeout(timer);
      timer = setTimeout(end, batchSilenceMsMax);
    },
  });
  try {
    client.publish(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify(query), { reply: inbox });
    await ended;
  } finally {
    clearTimeout(timer);
    if (!client.isClosed()) subscription.unsubscribe();
  }
  return collected;
}

/** False when the batch is over. */
function takeMessage(collected: Collected, message: Msg): boolean {
  const { headers } = message;
  const sequence = Number(headers?.get("Nats-Sequence"));
  if (headers?.code !== 0 || !(sequence > 0)) {
    if (headers?.code === 204) {
      collected.pending = Number(headers.get("Nats-Num-Pending") || 0);
      collected.upToSequence = Number(headers.get("Nats-UpTo-Sequence")) || undefined;
    } else if (headers?.code === 404) collected.pending = 0;
    return false;
  }
  const before = Number(headers.get("Nats-Last-Sequence") || 0);
  if (before !== (collected.messages.at(-1)?.sequence ?? 0)) return false; // journal-reads/batch
  collected.messages.push({ subject: headers.get("Nats-Subject"), sequence, data: message.data });
  return true;
}
