// Requests to models whose upstream fails in every way, while the servers that run them are killed. The journal of the upstream is
// the judge of the ledger: one row per request, sums that agree, and nothing that stays held.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { ExecutionContext } from "ava";
import { completion, done, event, finish, json, refusal, role, text, usage } from "../support/llm/openai-bytes.ts";
import type { Script, UpstreamRequest } from "../support/llm/script.ts";
import { type ScriptedUpstream, startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { registersAtChat, SurfaceClient } from "../support/surface-client.ts";
import { createTestFolder } from "../support/temp-folder.ts";
import { eventually } from "./eventually.ts";

const administrator = { username: "root", password: "correct horse battery" };
const users = 5;
const inFlight = 32;
const settledMsMax = 60_000;
const patienceMs = 60_000;
/** Dollars for a million tokens, in and out: a token costs a thousandth. */
const price = 1_000;

/** How many: 500 in the gate, and LEDGER_REQUESTS for a long run. */
const faultedCount = Number(process.env.LEDGER_REQUESTS ?? 500);

interface FaultedServers {
  gateways: readonly { readonly port: number }[];
  /** Called when a share of the requests is through: kills a server and starts it again. */
  faults: readonly (() => Promise<void>)[];
}

/** Environment of the servers. */
export function faultedEnv(t: ExecutionContext, upstream: ScriptedUpstream): Record<string, string> {
  // A file, because a variable of the environment may not be so long.
  const pricesPath = join(createTestFolder(t, "prices"), "prices.json");
  const prices = Array.from({ length: faultedCount }, (_, n) => [modelOf(n), { input: price, output: price }]);
  writeFileSync(pricesPath, JSON.stringify(Object.fromEntries(prices)));
  return {
    OPENAI_BASE_URL: upstream.url,
    OPENAI_API_KEY: "system-key-1",
    ADMIN_USERNAME: administrator.username,
    ADMIN_PASSWORD: administrator.password,
    LLM_PRICES: pricesPath,
    LLM_FIRST_TOKEN_MS: "1000",
    LLM_STALL_MS: "1000",
  };
}

/** The row of a request is found by its model, which no other request names. */
const modelOf = (n: number): string => `m-${n}`;
const numberOf = (model: string): number => Number(model.slice(2));
/** Tokens that a complete answer to this request reports. */
const tokensOf = (n: number): { prompt: number; output: number } => ({ prompt: 50 + (n % 7), output: 5 + (n % 11) });

const endings = [
  ...["whole", "whole", "whole", "without usage", "refused", "busy", "broken", "cut before", "cut after"],
  ...["error event", "client leaves", "silent"],
] as const;
type Ending = (typeof endings)[number];

/** Each try of a request ends in its own way, whichever server makes it. */
function endingOf(n: number, attempt: number): Ending {
  return createSeededRandom(n * 7 + attempt).pick(endings);
}

function answer(ending: Ending, n: number): Script {
  const { prompt, output } = tokensOf(n);
  const counts = { prompt, output };
  if (ending === "busy") return refusal(429, { "retry-after-ms": "10" });
  if (ending === "broken") return refusal(500);
  if (ending === "refused") return refusal(400);
  if (ending === "silent") return (call) => call.left;
  if (ending === "cut before") return (call) => call.cut();
  return async (call) => {
    const { stream } = call.request.json<{ stream?: boolean }>();
    if (!stream && (ending === "whole" || ending === "without usage")) {
      const { usage: counted, ...body } = completion("an answer", counts) as { usage: object };
      return json(ending === "whole" ? { ...body, usage: counted } : body)(call);
    }
    await call.write(role + text("an "));
    if (ending === "client leaves") return call.left;
    if (ending === "cut after") return call.cut();
    if (ending === "error event")
      await call.write(event({ error: { message: "out of memory", type: "server_error" } }));
    else await call.write(text("answer") + finish() + (ending === "whole" ? usage(prompt, output) : "") + done);
    call.end();
  };
}

export async function faultedRequests(
  t: ExecutionContext,
  start: (upstream: ScriptedUpstream) => Promise<FaultedServers>,
): Promise<void> {
  const upstream = await startScriptedUpstream();
  t.teardown(() => upstream.close());
  const tries = new Map<number, UpstreamRequest[]>();
  upstream.always((call) => {
    const { model = "" } = call.request.path.endsWith("/completions") ? call.request.json<{ model?: string }>() : {};
    if (!model.startsWith("m-")) return refusal(404)(call);
    const n = numberOf(model);
    const known = tries.get(n) ?? [];
    tries.set(n, [...known, call.request]);
    return answer(endingOf(n, known.length), n)(call);
  });
  const { gateways, faults } = await start(upstream);
  const clients = await Promise.all(
    Array.from({ length: users }, (_, i) => registersAtChat(gateways[0]!, `payer${i}x${Date.now() % 1_000_000}`)),
  );
  await askAll(clients, gateways, faults);
  await agrees(t, { clients, gateway: gateways[0]!, tries });
}

async function askAll(
  clients: readonly SurfaceClient[],
  gateways: FaultedServers["gateways"],
  faults: FaultedServers["faults"],
): Promise<void> {
  let next = 0;
  const isDue = faults.map((_, i) => Math.floor((faultedCount * (i + 1)) / (faults.length + 1)));
  const running: Promise<void>[] = [];
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < faultedCount) {
        const n = next;
        next += 1;
        const fault = faults[isDue.indexOf(n)];
        if (fault) running.push(fault());
        await ask(clients[n % users]!, gateways[n % gateways.length]!, n);
      }
    }),
  );
  await Promise.all(running);
}

/** Whatever becomes of it: the ledger and the upstream are compared. A server that is not there gets the request later. */
async function ask({ token }: SurfaceClient, { port }: { port: number }, n: number): Promise<void> {
  const isStream = n % 3 !== 0;
  const gone = new AbortController();
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({
          ...{ model: modelOf(n), messages: [{ role: "user", content: "hello" }], max_tokens: 50, stream: isStream },
        }),
        signal: gone.signal,
      });
      if (endingOf(n, 0) === "client leaves" && isStream) gone.abort();
      await response.text();
      return;
    } catch (error) {
      if ((error as { cause?: { code?: string } }).cause?.code !== "ECONNREFUSED") return;
      await pause(200);
    }
  }
}

interface Row {
  model: string;
  user_id: string;
  status_code: number;
  reason: string;
  total_tokens: number;
  cost: number;
  lost_cost: number;
  estimated: boolean;
}

async function agrees(
  t: ExecutionContext,
  world: { clients: readonly SurfaceClient[]; gateway: { port: number }; tries: Map<number, UpstreamRequest[]> },
): Promise<void> {
  const { clients, gateway, tries } = world;
  const root = new SurfaceClient(gateway);
  await eventually(async () => {
    root.token = (await root.posts("/admin/login", administrator)).body.token;
    return root.token !== undefined;
  }, patienceMs);
  for (const client of clients) {
    await eventually(async () => {
      const { status, body } = await client.gets("/api/v1/models/usage");
      return status === 200 && Number(body.data.budget.day.held) === 0;
    }, settledMsMax);
  }
  await eventually(async () => (await rowsOf(root)).length >= tries.size, patienceMs);
  const rows = await rowsOf(root);
  const models = rows.map(({ model }) => model);
  t.is(new Set(models).size, models.length, "one row per request");
  for (const n of tries.keys()) t.true(models.includes(modelOf(n)), `a row for ${modelOf(n)}`);

  const sums = { billed: 0, reported: 0, lost: 0 };
  for (const row of rows) {
    const n = numberOf(row.model);
    const reported = (tries.get(n) ?? []).filter((call) => hasReported(call)).length;
    if (row.reason === "host_lost") {
      sums.lost += 1;
      t.is(row.cost, 0);
    } else if (!row.estimated) {
      const { prompt, output } = tokensOf(n);
      const cost = thousandths(row.cost) + thousandths(row.lost_cost);
      t.is(cost, reported * (prompt + output), `${JSON.stringify(row)}: ${reported} complete answers`);
      sums.billed += cost;
      sums.reported += reported * (prompt + output);
    }
  }
  t.is(sums.billed, sums.reported);
  t.log(`${rows.length} rows, ${sums.billed} tokens, ${sums.lost} requests died with their host`);

  const { totals: all } = (await root.gets("/admin/stats/overview")).body;
  t.is(all.requests, rows.length);
  t.is(thousandths(all.cost), sum(rows.map(({ cost }) => thousandths(cost))));
  for (const client of clients) {
    const own = rows.filter(({ user_id }) => user_id === client.userId);
    const { totals } = (await client.gets("/api/v1/models/usage")).body.data;
    t.is(totals.requests, own.length);
    t.is(Math.round(Number(totals.cost) * 1_000), sum(own.map(({ cost }) => thousandths(cost))));
  }
}

const thousandths = (dollars: number): number => Math.round(dollars * 1_000);
const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

/** The upstream wrote the whole answer, its usage included. */
function hasReported({ writes }: UpstreamRequest): boolean {
  return writes.some(({ bytes }) => bytes.includes('"usage":{"prompt_tokens"'));
}

async function rowsOf(root: SurfaceClient): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor = ""; ; ) {
    const { status, body } = await root.gets(`/admin/logs?limit=200${cursor && `&cursor=${cursor}`}`);
    if (status !== 200) return [];
    rows.push(...body.logs.filter(({ model }: Row) => model.startsWith("m-")));
    if (!body.next_cursor) return rows;
    cursor = encodeURIComponent(body.next_cursor);
  }
}
