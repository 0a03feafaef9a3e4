// Rules of a shard's log that are functions of their own: the simulation replaces one at a time, to prove that its checker
// notices the loss of each.
import type { Mark, StoredCommit } from "../ports.ts";
import type { ReadCommit } from "./outcomes.ts";

/** Called once: true when the commit that the output waits for is in the log, false when it never will be. */
export type Output = (isCommitted: boolean) => void;

export interface LogRules {
  /** Gates an output of a turn that decided nothing on the outputs of the youngest undecided commit, if any (log/outputs). */
  gateOutput(output: Output, undecided: Output[] | undefined): void;
  /** What is wrong with a tail that was read from the mark on; undefined: nothing (log/tail). */
  checkTail(tail: TailToCheck): TailFault | undefined;
}

interface TailToCheck {
  readonly commits: readonly ReadCommit[];
  readonly mark: Mark | undefined;
  /** The newest commit that the leader had shown before the tail was read. */
  readonly end: StoredCommit | undefined;
}

type TailFault =
  /** Commits are lost. */
  | { readonly kind: "lost"; readonly reason: string }
  /** A commit is missing before `commits[at]`: lost, or not on this replica yet. */
  | { readonly kind: "gap"; readonly at: number };

export const logRules: LogRules = {
  gateOutput(output, undecided) {
    if (undecided) undecided.push(output);
    else output(true);
  },

  checkTail({ commits, mark, end }) {
    const first = commits[0];
    if (mark && (first?.sequence !== mark.sequence || first.commit.id !== mark.commitId)) {
      return { kind: "lost", reason: `the log does not hold the mark ${mark.sequence} (${mark.commitId})` };
    }
    if (!mark && first && first.commit.prev !== 0) {
      return { kind: "lost", reason: `the log begins at ${first.sequence} after a lost ${first.commit.prev}` };
    }
    const last = commits.at(-1);
    if (end && (last?.sequence ?? 0) < end.sequence) {
      const shown = last ? `nothing behind ${last.sequence}` : "nothing";
      return { kind: "lost", reason: `the log showed ${end.sequence}, and shows ${shown}` };
    }
    const at = commits.findIndex(({ commit }, i) => i > 0 && commit.prev !== commits[i - 1]!.sequence);
    return at < 0 ? undefined : { kind: "gap", at };
  },
};
