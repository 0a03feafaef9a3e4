// The pass-through at /v1, with a key, prices and the ledger, as a program uses it: beside it the same load on a bare proxy, and on
// the upstream itself.
import type { ModelCallsPlan } from "../load/model-calls.ts";
import type { LoadResult } from "../load/scenarios.ts";
import { residentBytes } from "../measure.ts";
import type { Figures } from "./figures.ts";
import { type Measured, measure } from "./measured.ts";
import type { Place } from "./place.ts";

interface PassThrough extends Omit<ModelCallsPlan, "key"> {
  title: string;
}

export const passThroughs: Readonly<Record<string, PassThrough>> = {
  "whole-1": {
    ...{ title: "whole answer, 1 in flight", isStream: false, isPaced: false },
    ...{ width: 1, requests: 1_500, warmUp: 1_500 },
  },
  "whole-32": {
    ...{ title: "whole answer, 32 in flight", isStream: false, isPaced: false },
    ...{ width: 32, requests: 4_000, warmUp: 4_000 },
  },
  "stream-1": {
    ...{ title: "stream of 200 chunks, 1 in flight", isStream: true, isPaced: false },
    ...{ width: 1, requests: 300, warmUp: 300 },
  },
  "stream-32-paced": {
    ...{ title: "stream of 200 chunks, one every 10 ms, 32 in flight", isStream: true, isPaced: true },
    ...{ width: 32, requests: 96, warmUp: 32 },
  },
};

export async function measurePassThrough(
  name: string,
  { server, bareProxy, upstream, key }: Place,
  rounds: number,
): Promise<Figures> {
  const { title, ...calls } = passThroughs[name]!;
  const plan = { kind: "modelCalls", ...calls, key } as const;
  const direct = await measure(plan, upstream, 1);
  const bare = await measure(plan, bareProxy, rounds);
  const ours = await measure(plan, server, rounds);
  return {
    ...{ name, title, cpuMs: ours.cpuMs, bareCpuMs: bare.cpuMs },
    ...added(ours, direct),
    residentMiB: residentBytes(server.pid) / 2 ** 20,
    perSecond: ours.result.units / ours.result.seconds,
  };
}

function added({ result: ours }: Measured, { result: direct }: Measured) {
  const firstOf = ({ notes }: LoadResult) => notes?.firstP50Ms ?? 0;
  return {
    addedP50Ms: (ours.p50Ms ?? 0) - (direct.p50Ms ?? 0),
    addedP99Ms: (ours.p99Ms ?? 0) - (direct.p99Ms ?? 0),
    addedFirstP50Ms: firstOf(ours) - firstOf(direct),
  };
}
