// The activities of all kinds of processes, as every driver runs them.
import type { Activities } from "../../actors/process/activity.ts";
import { createEditSteps, type EditStepDeps } from "../edit/steps.ts";
import { createIntakeSteps, type IntakeStepDeps } from "../intake/steps.ts";
import { createReplySteps, type ReplyStepDeps } from "../reply/steps.ts";
import { createTitleSteps, type TitleStepDeps } from "../title/steps.ts";
import { createFileSteps, type FileStepDeps } from "../upload/steps.ts";

export type StepDeps = ReplyStepDeps & TitleStepDeps & FileStepDeps & EditStepDeps & IntakeStepDeps;

export function createSteps(deps: StepDeps): Activities {
  return {
    ...createReplySteps(deps),
    ...createTitleSteps(deps),
    ...createFileSteps(deps),
    ...createEditSteps(deps),
    ...createIntakeSteps(deps),
  };
}
