// L4: a tail counts only when it starts at the mark (or at prev 0) and its `prev` chain has no gap. That it ends with our
// fence is proved by the fence's compare-and-set, so the `end` that was seen need not be looked for again.

import type { Journal, Mark, StoredCommit } from "../ports.ts";
import { decodeCommit } from "./commit.ts";
import type { Commit } from "./record.ts";
import type { LoggedCommit } from "./shard-log.ts";

export interface DecodedCommit {
  sequence: number;
  commit: Commit;
  bytes: number;
}
export type TailOutcome =
  | { kind: "tail"; commits: DecodedCommit[] }
  /** A gap inside what a replica showed: a later read sees it whole. */
  | { kind: "refused"; owner: undefined }
  | { kind: "quarantined"; reason: string };

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
  const hasGap = commits.some(({ commit }, i) => i > 0 && commit.prev !== commits[i - 1]!.sequence);
  return hasGap ? { kind: "refused", owner: undefined } : { kind: "tail", commits };
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
