// Every activity, merged: what a worker runs.
import { type CallActivityDeps, createCallActivities } from "./call/activities.ts";

export type ActivityDeps = CallActivityDeps;

export function createActivities(deps: ActivityDeps) {
  return { ...createCallActivities(deps) };
}
export type Activities = ReturnType<typeof createActivities>;
