// Merges the activities of all workflows into the one object that a worker runs.
import { createCallActivities } from "./call/activities.ts";
import type { CallActivityDeps } from "./call/deps.ts";
import { createProcessActivities, type ProcessActivityDeps } from "./process/activities.ts";

export type ActivityDeps = CallActivityDeps & ProcessActivityDeps;

export function createActivities(deps: ActivityDeps) {
  return { ...createCallActivities(deps), ...createProcessActivities(deps) };
}
export type Activities = ReturnType<typeof createActivities>;
