// L4: a tail counts only when it starts at the mark (or at prev 0) and its `prev` chain has no gap. That it ends with our
// fence is proved by the fence's compare-and-set.
import { decodeCommit } from "./commit.ts";
import type { Journal, Mark } from "./ports.ts";
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

/** From the mark on (the mark's commit included), as the leader shows it now. */
export async function readTail(
  journal: Journal,
  shard: number,
  mark: Mark | undefined,
  isChecked: boolean,
): Promise<TailOutcome> {
  const commits: DecodedCommit[] = [];
  let from = mark?.sequence ?? 0;
  for (;;) {
    const page = await journal.read(shard, from, pageCommits);
    for (const { sequence, commit } of page) {
      commits.push({ sequence, commit: decodeCommit(commit), bytes: commit.length });
    }
    if (page.length < pageCommits) break;
    from = page.at(-1)!.sequence + 1;
  }
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
