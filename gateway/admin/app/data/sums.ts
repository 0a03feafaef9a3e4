// Sums over the periods of a series. Money is added in micro-dollars, because floats add up to more or less.
import type { Sums, UsagePoint } from "./shapes.ts";

export interface GroupSums extends Sums {
  group: string;
}

const none: Sums = {
  requests: 0,
  failed: 0,
  unpriced: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  total_tokens: 0,
  cost: 0,
};

/** One for each group, the most requests first. */
export function sumByGroup(points: readonly UsagePoint[]): GroupSums[] {
  const groups = new Map<string, GroupSums>();
  for (const { time: _, group, ...sums } of points) {
    groups.set(group, { group, ...add(groups.get(group) ?? none, sums) });
  }
  return [...groups.values()].sort((a, b) => b.requests - a.requests || (a.group < b.group ? -1 : 1));
}

export function sumAll(points: readonly Sums[]): Sums {
  return points.reduce<Sums>(add, none);
}

function add(a: Sums, b: Sums): Sums {
  return {
    requests: a.requests + b.requests,
    failed: a.failed + b.failed,
    unpriced: a.unpriced + b.unpriced,
    prompt_tokens: a.prompt_tokens + b.prompt_tokens,
    completion_tokens: a.completion_tokens + b.completion_tokens,
    total_tokens: a.total_tokens + b.total_tokens,
    cost: (Math.round(a.cost * 1e6) + Math.round(b.cost * 1e6)) / 1e6,
  };
}
