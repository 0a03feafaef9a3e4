// L4: a tail counts only when it starts at the mark (or at prev 0), reaches the end that was seen, and its `prev` chain has
// no gap. That it ends with our fence is proved by the fence's compare-and-set.
// L5: what a replica lacks a later read finds; what the leader lacks, too, is lost.

import type { Journal, Mark, StoredCommit } from "../ports.ts";
import { decodeCommit } from "./commit.ts";
import type { DecodedCommit, TailOutcome } from "./outcomes.ts";
import type { LoggedCommit } from "./shard-log.ts";

const pageCommits = 500;

/** From the mark on (the mark's commit included) to `end`, and what more is seen. */
export async function readTail(
  journal: Journal,
  shard: number,
  mark: Mark | undefined,
  end: StoredCommit | undefined,
  isChecked: boolean,
): Promise<TailOutcome> {
  const stored = end ? await readUpTo(journal, shard, mark?.sequence ?? 0, end) : [];
  const commits = stored.map(({ sequence, commit }): DecodedCommit => {
    return { sequence, commit: decodeCommit(commit), bytes: commit.length };
  });
  if (!isChecked) return { kind: "tail", commits };
  const first = commits[0];
  if (mark && (first?.sequence !== mark.sequence || first.commit.id !== mark.commitId)) {
    return { kind: "quarantined", reason: `the log does not hold the mark ${mark.sequence} (${mark.commitId})` };
  }
  if (!mark && first && first.commit.prev !== 0) {
    return { kind: "quarantined", reason: `the log begins at ${first.sequence} after a lost ${first.commit.prev}` };
  }
  const last = commits.at(-1);
  if (end && (last?.sequence ?? 0) < end.sequence) {
    const shown = last ? `nothing behind ${last.sequence}` : "nothing";
    return { kind: "quarantined", reason: `the log showed ${end.sequence}, and shows ${shown}` };
  }
  const at = commits.findIndex(({ commit }, i) => i > 0 && commit.prev !== commits[i - 1]!.sequence);
  return at < 0 ? { kind: "tail", commits } : explainGap(journal, shard, commits[at - 1]!, commits[at]!);
}

/** L5: one commit is read from the leader. */
async function explainGap(
  journal: Journal,
  shard: number,
  before: DecodedCommit,
  after: DecodedCommit,
): Promise<TailOutcome> {
  const [next] = await journal.read(shard, before.sequence + 1, 1);
  const where = `between ${before.sequence} and ${after.sequence}`;
  const isFilled = next !== undefined && next.sequence < after.sequence;
  if (isFilled) return { kind: "refused", owner: undefined, reason: `a replica lacks what stands ${where}` };
  return { kind: "quarantined", reason: `the log has lost what stood ${where}` };
}

async function readUpTo(journal: Journal, shard: number, mark: number, end: StoredCommit): Promise<StoredCommit[]> {
  if (mark === end.sequence) return [end]; // the views have everything
  // A mark that is newer than the end we saw: the log has grown meanwhile.
  const knownLast = mark < end.sequence ? end.sequence : undefined;
  const stored: StoredCommit[] = [];
  for (let from = mark; ; from = stored.at(-1)!.sequence + 1) {
    const page = await journal.read(shard, from, pageCommits, knownLast);
    stored.push(...page);
    if (page.length < pageCommits || stored.at(-1)!.sequence === knownLast) return stored;
  }
}

export function inheritCommit({ sequence, commit, bytes }: DecodedCommit): LoggedCommit {
  const records = commit.type === "records" ? commit.records : [];
  return {
    sequence,
    id: commit.id,
    records: records.map((record) => ({ record, text: JSON.stringify(record) })),
    carried: commit.type === "records" ? (commit.carried ?? []) : [],
    bytes,
    inherited: true,
  };
}
