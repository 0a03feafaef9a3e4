// Replies in conversations: durable processes, in this process or on Temporal. The time to the first token is that of the message's
// way to the upstream and of the token's way back.
import type { RepliesPlan } from "../load/replies.ts";
import { residentBytes } from "../measure.ts";
import type { Figures } from "./figures.ts";
import { measure } from "./measured.ts";
import type { Place } from "./place.ts";

interface Durable extends RepliesPlan {
  title: string;
  onTemporal: boolean;
}

const few = { width: 1, messages: 20, warmUp: 40 };
const many = { width: 8, messages: 20, warmUp: 20 };

export const durables: Readonly<Record<string, Durable>> = {
  "reply-1": { title: "durable reply of 200 chunks, 1 in flight", onTemporal: false, ...few },
  "reply-8": { title: "durable reply of 200 chunks, 8 in flight", onTemporal: false, ...many },
  "reply-temporal-1": { title: "on Temporal, 1 in flight", onTemporal: true, ...few },
  "reply-temporal-8": { title: "on Temporal, 8 in flight", onTemporal: true, ...many },
};

export async function measureDurable(name: string, { server, upstream, key }: Place, rounds: number): Promise<Figures> {
  const { title, onTemporal: _, ...plan } = durables[name]!;
  const stream = { isStream: true, isPaced: false, width: plan.width, requests: 100, warmUp: 20, key };
  const direct = await measure({ kind: "modelCalls", ...stream }, upstream, 1);
  const { cpuMs, result } = await measure({ kind: "replies", ...plan }, server, rounds);
  const { p50Ms = 0, p99Ms = 0, notes, units, seconds } = result;
  return {
    ...{ name, title, cpuMs },
    addedP50Ms: p50Ms - (direct.result.p50Ms ?? 0),
    addedP99Ms: p99Ms - (direct.result.p99Ms ?? 0),
    addedFirstP50Ms: (notes?.firstP50Ms ?? 0) - (direct.result.notes?.firstP50Ms ?? 0),
    residentMiB: residentBytes(server.pid) / 2 ** 20,
    perSecond: units / seconds,
  };
}
