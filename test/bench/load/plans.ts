// The plans of the load generator: a scenario by its name, or one with parameters.
import { type GroupsPlan, groups } from "./groups.ts";
import { type ModelCallsPlan, modelCalls } from "./model-calls.ts";
import { durablePairs, type PairsPlan } from "./pairs.ts";
import { type RepliesPlan, replies } from "./replies.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { type TalkersPlan, talkers } from "./talkers.ts";
import { type WebPlan, web } from "./web.ts";

export type LoadPlan =
  | { kind: "named"; name: string }
  | ({ kind: "pairs" } & PairsPlan)
  | ({ kind: "groups" } & GroupsPlan)
  | ({ kind: "talkers" } & TalkersPlan)
  | ({ kind: "web" } & WebPlan)
  | ({ kind: "modelCalls" } & ModelCallsPlan)
  | ({ kind: "replies" } & RepliesPlan);

export function scenarioOf(plan: LoadPlan): Scenario {
  switch (plan.kind) {
    case "named": {
      const scenario = scenarios[plan.name];
      if (!scenario) throw new Error(`There is no scenario ${plan.name}`);
      return scenario;
    }
    case "pairs":
      return durablePairs(plan);
    case "groups":
      return groups(plan);
    case "talkers":
      return talkers(plan);
    case "web":
      return web(plan);
    case "modelCalls":
      return modelCalls(plan);
    case "replies":
      return replies(plan);
  }
}
