// The ledger over three hosts: budgets under a burst, and hosts that are killed while upstreams fail in every way.
import { eventually } from "../suites/eventually.ts";
import { faultedEnv, faultedRequests } from "../suites/faulted-requests.ts";
import { type SpawnedHost, startTestCluster } from "../support/cluster-people.ts";
import { completion, json } from "../support/llm/openai-bytes.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { needs } from "../support/needs.ts";
import { registersAtChat, type SurfaceClient } from "../support/surface-client.ts";

const test = needs("cassandra", "nats", "redis");
const patienceMs = 60_000;

test.serial("hosts that are killed while their upstream fails in every way settle each request once", async (t) => {
  await faultedRequests(t, async (upstream) => {
    const cluster = await startTestCluster({ hosts: {}, env: faultedEnv(t, upstream) });
    t.teardown(() => cluster.close());
    const hosts: SpawnedHost[] = [];
    for (const name of ["one", "two", "three"]) hosts.push(await cluster.spawn(name, "actors", "gateway"));
    const faults = hosts.map((host) => async () => {
      await host.kill9();
      await host.start();
    });
    return { gateways: hosts, faults };
  });
});

test.serial(
  "500 requests at three hosts on a budget for 20: 20 are admitted, and the remainder can be spent",
  async (t) => {
    const upstream = await startScriptedUpstream();
    t.teardown(() => upstream.close());
    const [prompt, output, perToken] = [10, 50, 0.001];
    // What a request may cost at most is held, and its prompt has at most one token per byte.
    const mostPrompt = 32;
    const budget = 20 * (mostPrompt + output) * perToken;
    const cluster = await startTestCluster({
      hosts: { one: ["actors", "gateway"], two: ["actors", "gateway"], three: ["actors", "gateway"] },
      env: {
        OPENAI_BASE_URL: upstream.url,
        OPENAI_API_KEY: "system-key-1",
        LLM_PRICES: JSON.stringify({ m: { input: perToken * 1e6, output: perToken * 1e6 } }),
        LLM_USER_BUDGET_DAY: budget.toFixed(6),
      },
    });
    t.teardown(() => cluster.close());
    const gateways = ["one", "two", "three"].map((name) => cluster.host(name));
    const alice = await registersAtChat(gateways[0]!, "alice");
    const all = Promise.withResolvers<void>();
    const maxTokensOf = (call: { json<T>(): T }) => call.json<{ max_tokens: number }>().max_tokens;
    upstream.always(async (call) => {
      await all.promise;
      // The largest answer that the request allows.
      return json(completion("an answer", { prompt, output: maxTokensOf(call.request) }))(call);
    });
    const statuses: number[] = [];
    const ask = async ({ token }: SurfaceClient, n: number) => {
      const response = await fetch(`http://127.0.0.1:${gateways[n % 3]!.port}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "hello" }], max_tokens: output }),
      });
      await response.text();
      return response.status;
    };
    const dayOf = async (client: SurfaceClient) => (await client.gets("/api/v1/models/usage")).body.data.budget.day;
    const bob = await registersAtChat(gateways[0]!, "bob");
    const single = ask(bob, 0);
    await eventually(() => upstream.journal.length === 1, patienceMs);
    t.is(Number((await dayOf(bob)).held), (mostPrompt + output) * perToken);
    const burst = Promise.all(
      Array.from({ length: 500 }, (_, n) => ask(alice, n).then((status) => statuses.push(status))),
    );
    await eventually(() => statuses.length + upstream.journal.length === 501, patienceMs);
    t.true(
      statuses.every((status) => status === 429 || status === 402),
      String(new Set(statuses)),
    );
    const [, ...admitted] = upstream.journal;
    t.is(admitted.length, 20);
    all.resolve();
    await Promise.all([burst, single]);
    const spent = admitted.reduce((sum, call) => sum + (prompt + maxTokensOf(call)) * perToken, 0);
    t.true(spent <= budget + 1e-9, `${spent} of ${budget}`);
    t.is(statuses.filter((status) => status === 200).length, admitted.length);
    await eventually(async () => Number((await dayOf(alice)).held) === 0, patienceMs);
    t.is(Number((await dayOf(alice)).used).toFixed(6), spent.toFixed(6));
    t.is(await ask(alice, 1), 200, "the remainder can be spent");
  },
);
