// The activities of all kinds of processes, as every driver runs them.
import type { Activities } from "../../actors/process/activity.ts";
import { createFileSteps, type FileStepDeps } from "../upload/steps.ts";

export type StepDeps = FileStepDeps;

export function createSteps(deps: StepDeps): Activities {
  return { ...createFileSteps(deps) };
}
