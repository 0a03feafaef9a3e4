// Runs processes of lone actors, with workers that are killed: before a step's effect, within the step, or after the effect and
// before its report. The next worker is another boot, as after kill -9.
import type { Activities } from "../../actors/process/activity.ts";
import { type Claim, Process } from "../../actors/process/contract.ts";
import { doneWith, failureOf } from "../../actors/process/outcomes.ts";
import type { LoneActors } from "./lone-actors.ts";

type Kill =
  | { activity: string; moment: "before" | "after" }
  /** The activity is left where it waits when `at` resolves. */
  | { activity: string; moment: "within"; at: Promise<void> };

export interface Work {
  actors: LoneActors;
  activities: Activities;
  /** Boots that were killed: the process actor knows that they are gone. */
  closed: Set<string>;
  /** Each kill takes place once. */
  kills: Kill[];
}

/** Until no process has anything to do. Answers the activities that ran, those of killed workers too. */
export async function workAll(work: Work): Promise<string[]> {
  const ran: string[] = [];
  const seen = new Set<string>();
  for (;;) {
    const key = work.actors.processes().find((each) => !seen.has(each));
    if (key === undefined) return ran;
    seen.add(key);
    await workOn(work, key, ran);
  }
}

async function workOn(work: Work, key: string, ran: string[]): Promise<void> {
  const { actors, closed } = work;
  const process = actors.get(Process, key);
  let boot = `boot-${closed.size}`;
  let claim: Claim = await process.claim({ boot });
  while (claim.kind === "run" || claim.kind === "wait") {
    if (claim.kind === "wait") {
      actors.nowMs = Math.max(actors.nowMs, claim.untilMs);
      claim = await process.claim({ boot });
      continue;
    }
    const report = await tryStep(work, key, claim, ran);
    if (report) {
      claim = await process.report({ boot, ...report });
      continue;
    }
    closed.add(boot);
    boot = `boot-${closed.size}`;
    claim = await process.claim({ boot });
  }
}

/** Undefined when the worker was killed. */
async function tryStep(work: Work, key: string, claim: Extract<Claim, { kind: "run" }>, ran: string[]) {
  const { run, tries, step } = claim;
  if (takeKill(work, step.activity, "before")) return undefined;
  const activity = work.activities[step.activity];
  if (!activity) throw new Error(`There is no activity ${step.activity}`);
  ran.push(step.activity);
  const { signal } = new AbortController();
  // As the journal keeps it.
  const input = JSON.parse(JSON.stringify(step.input));
  const ended = activity(input, { key, tries, run, signal }).then(doneWith, failureOf);
  const within = takeKill(work, step.activity, "within");
  const outcome = await (within?.moment === "within" ? Promise.race([ended, within.at]) : ended);
  if (!outcome) return undefined;
  return takeKill(work, step.activity, "after") ? undefined : { run, outcome };
}

function takeKill({ kills }: Work, activity: string, moment: Kill["moment"]): Kill | undefined {
  const index = kills.findIndex((kill) => kill.activity === activity && kill.moment === moment);
  return index < 0 ? undefined : kills.splice(index, 1)[0];
}
