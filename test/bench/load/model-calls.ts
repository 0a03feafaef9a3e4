import { Agent, request } from "node:http";
import { Latencies } from "./latency.ts";
import { inParallel } from "./people.ts";
import type { LoadResult, Scenario } from "./scenarios.ts";

export interface ModelCallsPlan {
  key: string;
  /** Requests in flight. */
  width: number;
  isStream: boolean;
  /** The upstream sends a chunk every 10 ms. */
  isPaced: boolean;
  /** Requests of one run, and before the first one. */
  requests: number;
  warmUp: number;
}

/** Requests of OpenAI's format as programs send them, over connections that stay open. Times from the request's first byte. */
export function modelCalls(plan: ModelCallsPlan): Scenario {
  return {
    title: `${plan.isStream ? "stream" : "whole"}, ${plan.width} in flight`,
    unit: "request",
    async prepare({ ports }) {
      const port = ports[0] ?? 0;
      const agent = new Agent({ keepAlive: true, maxSockets: plan.width });
      await run(plan, { port, agent, requests: plan.warmUp });
      return () => run(plan, { port, agent, requests: plan.requests });
    },
  };
}

interface Run {
  port: number;
  agent: Agent;
  requests: number;
}

async function run(plan: ModelCallsPlan, { port, agent, requests }: Run): Promise<LoadResult> {
  const whole = new Latencies();
  const first = new Latencies();
  const body = bodyOf(plan);
  const startMs = performance.now();
  await inParallel(Array.from({ length: requests }), plan.width, () =>
    callModel(plan, { port, agent, body }, whole, first),
  );
  return {
    units: requests,
    seconds: (performance.now() - startMs) / 1_000,
    p50Ms: whole.quantile(0.5),
    p99Ms: whole.quantile(0.99),
    notes: { firstP50Ms: first.quantile(0.5), firstP99Ms: first.quantile(0.99) },
  };
}

function bodyOf({ isStream, isPaced }: ModelCallsPlan): string {
  const messages = [
    { role: "system", content: "You are a helpful assistant. ".repeat(8) },
    { role: "user", content: "Tell me something about the sea. ".repeat(6) },
  ];
  return JSON.stringify({
    ...{ model: "gpt-4o-mini", messages, temperature: 0.7, max_tokens: 400 },
    ...(isStream && { stream: true }),
    ...(isPaced && { user: "paced" }),
  });
}

function callModel(
  { key, isStream }: ModelCallsPlan,
  { port, agent, body }: { port: number; agent: Agent; body: string },
  whole: Latencies,
  first: Latencies,
): Promise<void> {
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    let end = "";
    let hasBegun = false;
    const target = { host: "127.0.0.1", port, agent, headers, method: "POST", path: "/v1/chat/completions" };
    const outgoing = request(target, (answer) => {
      answer.on("data", (part: Buffer) => {
        if (!hasBegun) first.add(performance.now() - startMs);
        hasBegun = true;
        end = part.length >= endChars ? part.toString("latin1", part.length - endChars) : end + part.toString("latin1");
      });
      answer.on("error", reject);
      answer.on("end", () => {
        whole.add(performance.now() - startMs);
        const isWhole = isStream ? end.endsWith("data: [DONE]\n\n") : end.endsWith("}");
        if (answer.statusCode === 200 && isWhole) resolve();
        else reject(new Error(`the answer was ${answer.statusCode} … ${end}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Of the end of an answer, to see that it is whole. */
const endChars = 64;
