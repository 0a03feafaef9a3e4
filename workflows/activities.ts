// Merges the activities of all workflows into the one object that a worker runs.
import { createCallActivities } from "./call/activities.ts";
import type { CallActivityDeps } from "./call/deps.ts";

export type ActivityDeps = CallActivityDeps;

export function createActivities(deps: ActivityDeps) {
  return { ...createCallActivities(deps) };
}
export type Activities = ReturnType<typeof createActivities>;
