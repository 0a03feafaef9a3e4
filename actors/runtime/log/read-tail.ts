// Reads the tail of a shard's log: the commits from the mark on.
// log/tail: a tail counts only if it starts at the mark (or at `prev` 0), reaches the end that the leader had shown, and has
//     no gap in its `prev` chain. That it ends with our own fence is proved by the compare-and-set of the fence (J3).
// log/gap: a commit that is missing in a page may be missing on that replica only; the leader is asked for it before the log
//     is said to have lost it.
import type { Journal, Mark, StoredCommit } from "../ports.ts";
import { decodeCommit } from "./commit.ts";
import type { LogRules } from "./log-rules.ts";
import type { LoggedCommit, ReadCommit, TailOutcome } from "./outcomes.ts";

const pageCommits = 500;

interface TailRead {
  readonly shard: number;
  readonly mark: Mark | undefined;
  /** The newest commit, as the leader showed it; undefined: the log is empty. */
  readonly end: StoredCommit | undefined;
}

/** From the mark's own commit to `end`, and to what was appended since. */
export async function readTail(
  journal: Journal,
  { checkTail }: Pick<LogRules, "checkTail">,
  { shard, mark, end }: TailRead,
): Promise<TailOutcome> {
  const stored = end ? await readUpTo(journal, shard, mark?.sequence ?? 0, end) : [];
  const commits = stored.map(({ sequence, commit }): ReadCommit => {
    return { sequence, commit: decodeCommit(commit), bytes: commit.length };
  });
  const fault = checkTail({ commits, mark, end });
  if (!fault) return { kind: "tail", commits };
  if (fault.kind === "lost") return { kind: "quarantined", reason: fault.reason };
  return explainGap(journal, shard, commits[fault.at - 1]!, commits[fault.at]!); // log/gap
}

async function explainGap(
  journal: Journal,
  shard: number,
  before: ReadCommit,
  after: ReadCommit,
): Promise<TailOutcome> {
  const [next] = await journal.read(shard, before.sequence + 1, 1);
  const where = `between ${before.sequence} and ${after.sequence}`;
  const isFilled = next !== undefined && next.sequence < after.sequence;
  if (isFilled) return { kind: "refused", owner: undefined, reason: `a replica lacks the commits ${where}` };
  return { kind: "quarantined", reason: `the log has lost the commits ${where}` };
}

async function readUpTo(journal: Journal, shard: number, mark: number, end: StoredCommit): Promise<StoredCommit[]> {
  if (mark === end.sequence) return [end]; // the views have everything
  // A mark above the end that was shown: the log has grown since, and its end must be looked up.
  const knownLast = mark < end.sequence ? end.sequence : undefined;
  const stored: StoredCommit[] = [];
  for (let from = mark; ; from = stored.at(-1)!.sequence + 1) {
    const page = await journal.read(shard, from, pageCommits, knownLast);
    stored.push(...page);
    if (page.length < pageCommits || stored.at(-1)!.sequence === knownLast) return stored;
  }
}

export function inheritCommit({ sequence, commit, bytes }: ReadCommit): LoggedCommit {
  const records = commit.type === "records" ? commit.records : [];
  return {
    sequence,
    id: commit.id,
    records: records.map((record) => ({ record, text: JSON.stringify(record) })),
    reappended: commit.type === "records" ? (commit.carried ?? []) : [],
    bytes,
    isInherited: true,
  };
}
