// Keys, access codes, the dashboard and the log of requests, as an administrator uses them; and the usage of a user.
import test from "ava";
import { createLedger } from "../../actors/account/ledger.ts";
import { Keyring } from "../../actors/keyring/contract.ts";
import { hashAccessCode } from "../../gateway/auth/access-codes.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { eventually } from "../suites/eventually.ts";
import { holdOf, settleOf } from "../support/llm/lone-account.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { registersAtChat, SurfaceClient } from "../support/surface-client.ts";

const password = "correct horse battery";

async function startWithAdmin(): Promise<{ node: TestNode; root: SurfaceClient; rootId: string }> {
  const node = await startTestNode({ env: { ADMIN_USERNAME: "root", ADMIN_PASSWORD: password } });
  const root = new SurfaceClient(node);
  const { body } = await root.posts("/admin/login", { username: "root", password });
  root.token = body.token;
  return { node, root, rootId: String(body.user.id) };
}

type More = { hold?: Parameters<typeof holdOf>[1]; settle?: Parameters<typeof settleOf>[1] };
/** As the relay holds and settles requests. */
function requestsOf({ node }: TestNode, userId: string) {
  const deps = { actors: node.actors, clock: systemClock, boot: "boot", hasSystemBudget: false, reportError: () => {} };
  const ledger = createLedger(deps);
  return async (requestId: string, { hold = {}, settle = {} }: More = {}) => {
    const { boot: _, ...input } = holdOf(requestId, { payer: { userId }, ...hold });
    await ledger.hold(input);
    await ledger.settle(userId, settleOf(requestId, settle));
  };
}

test("an API key is shown once, listed masked with its use, limited, disabled, and removed", async (t) => {
  const { node, root, rootId } = await startWithAdmin();
  const made = await root.posts("/admin/api-keys", { name: "laptop", quota: 1_000, limits: { rpm: 5 } });
  t.is(made.status, 200);
  t.regex(made.body.key, /^sk-[0-9A-Za-z]{32}$/);
  t.like(made.body, {
    id: 1,
    name: "laptop",
    is_active: true,
    usage_count: 0,
    last_used_at: null,
    quota: 1_000,
    rpm: 5,
  });
  await requestsOf(node, rootId)("r1", { hold: { payer: { userId: rootId, keyId: "1" } } });
  const [listed] = (await root.gets("/admin/api-keys")).body;
  t.like(listed, { id: 1, usage_count: 1, tokens_used: 150 });
  t.false(listed.key.includes(made.body.key.slice(6, 12)));
  t.truthy(Date.parse(listed.last_used_at));
  const change = (body: object, method = "PATCH") => root.asks(method, "/admin/api-keys/1", body);
  t.like((await change({ is_active: false })).body, { is_active: false, quota: 1_000, rpm: 5 });
  t.like((await change({ rpm: 9, name: "phone" }, "PUT")).body, { name: "phone", quota: 1_000, rpm: 9 });
  t.like((await change({ limits: { tpm: 7 } })).body, { quota: undefined, rpm: undefined, tpm: 7 });
  for (const wrong of [{ quota: -1 }, { rpm: 1.5 }, { limits: { tpm: -1 } }, { is_active: "yes" }, { name: 5 }]) {
    t.is((await change(wrong)).status, 400, JSON.stringify(wrong));
  }
  t.is((await root.asks("PATCH", "/admin/api-keys/999", { is_active: true })).status, 404);
  t.deepEqual((await root.deletes("/admin/api-keys/1")).body, { success: true });
  t.is((await root.deletes("/admin/api-keys/1")).status, 404);
  t.deepEqual((await root.gets("/admin/api-keys")).body, []);
  await node.close();
});

test("an access code is shown once, and works as often as it may", async (t) => {
  const { node, root } = await startWithAdmin();
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const made = (await root.posts("/admin/access-codes", { code: "welcome", max_usage: 3, expires_at: inAnHour })).body;
  t.like(made, { id: 1, code: "welcome", max_usage: 3, usage_count: 0, is_active: true, expires_at: inAnHour });
  t.regex((await root.posts("/admin/access-codes", {})).body.code, /^[0-9A-Za-z]{24}$/);
  const redeem = () => node.node.actors.get(Keyring, "system").redeem({ hash: hashAccessCode("welcome")! });
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, redeem));
  t.is(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
  const codes = (await root.gets("/admin/access-codes")).body;
  t.like(codes[0], { id: 1, usage_count: 3, code: undefined });
  t.notRegex(JSON.stringify(codes), /welcome/);
  t.is((await root.posts("/admin/access-codes", { code: "welcome" })).status, 409);
  for (const wrong of [{ code: "short" }, { max_usage: 0 }, { expires_at: "soon" }]) {
    t.is((await root.posts("/admin/access-codes", wrong)).status, 400, JSON.stringify(wrong));
  }
  await node.close();
});

test("the log, the dashboard and the usage of a user are sums of the same requests", async (t) => {
  const { node, root, rootId } = await startWithAdmin();
  const alice = await registersAtChat(node, "alice");
  const aliceId = String((await alice.gets("/auth/me")).body.id);
  const asRoot = requestsOf(node, rootId);
  const asAlice = requestsOf(node, aliceId);
  for (let i = 0; i < 25; i += 1) await asRoot(`root-${i}`, { hold: { payer: { userId: rootId, keyId: "1" } } });
  await asAlice("alice-1", { hold: { payer: { userId: aliceId }, conversationId: "a_77", model: "gpt-large" } });
  await asAlice("alice-2", { hold: { payer: { userId: aliceId }, model: "own model", price: undefined } });
  const failed = { status: 502, reason: "cut", delivered: "nothing", error: "The connection closed." } as const;
  await asAlice("alice-3", { hold: { payer: { userId: aliceId } }, settle: failed });

  const usage = (query = "") => alice.gets(`/api/usage${query}`).then(({ body }) => body);
  const own = await usage();
  t.is(own.data.length, 3);
  t.like(own.totals, { requests: 3, prompt_tokens: 200, completion_tokens: 100, total_tokens: 300, cost: 0.0002 });
  t.like(
    own.data.find(({ model }: { model: string }) => model === "own model"),
    { cost: 0, unpriced: true },
  );
  t.like(
    own.data.find(({ session_id }: { session_id: string }) => session_id === "77"),
    { model: "gpt-large", cost: 0.0002 },
  );
  t.is((await usage("?session_id=77")).data.length, 1);
  t.is((await usage("?model=gpt-large")).totals.requests, 1);
  t.is((await usage("?group_by=model")).data.length, 3);
  t.is((await usage(`?to=${new Date(Date.now() - 60_000).toISOString()}`)).totals.requests, 0);
  t.is(
    (await usage(`?from=${new Date().toISOString().slice(0, 10)}&to=${new Date().toISOString().slice(0, 10)}`)).totals
      .requests,
    3,
  );
  for (const wrong of [
    "?from=yesterday",
    "?from=2026-02-01&to=2026-01-01",
    "?group_by=colour",
    "?from=1&to=2000000000000",
  ]) {
    t.is((await alice.gets(`/api/usage${wrong}`)).status, 400, wrong);
  }

  await eventually(async () => (await root.gets("/admin/stats/overview")).body.todayRequests === 28);
  const overview = (await root.gets("/admin/stats/overview")).body;
  t.like(overview, { apiKeys: 0, tokens: 0, today: { requests: 28, failed: 1, unpriced: 1, cost: 0.0052 } });
  t.is(overview.successRate, 0.9643);
  for (const range of ["24h", "7d", "30d"]) {
    const { data } = (await root.gets(`/admin/stats/usage?range=${range}`)).body;
    t.is(data.length, { "24h": 24, "7d": 7, "30d": 30 }[range]);
    t.is(
      data.reduce((sum: number, { cost }: { cost: number }) => sum + cost, 0),
      0.0052,
    );
  }
  const byKey = (await root.gets("/admin/stats/usage?range=7d&group_by=key")).body.data;
  t.deepEqual(
    byKey.map(({ group, requests }: Record<string, unknown>) => [group, requests]),
    [
      ["", 3],
      ["1", 25],
    ],
  );
  t.is((await root.gets("/admin/stats/usage?range=1y")).status, 400);

  const seen: Record<string, unknown>[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page: { logs: Record<string, unknown>[]; next_cursor: string | null } = (
      await root.gets(`/admin/logs?limit=10&cursor=${cursor}`)
    ).body;
    seen.push(...page.logs);
    cursor = page.next_cursor;
  }
  t.is(seen.length, 28);
  t.is(new Set(seen.map(({ id }) => id)).size, 28);
  t.like(seen[0], {
    ...{ request_id: "alice-3", user_id: aliceId, status_code: 502, is_failed: true, reason: "cut" },
    ...{ error_message: "The connection closed.", cost: 0, lost_cost: 0.0002, api_key_id: null, token_id: 3 },
  });
  t.is((await root.gets("/admin/logs?status=error")).body.logs.length, 1);
  t.is((await root.gets("/admin/logs?status=502")).body.logs.length, 1);
  t.is((await root.gets("/admin/logs?model=gpt-large&status=success")).body.logs.length, 1);
  t.is((await root.gets("/admin/logs?status=bad")).status, 400);
  t.is((await root.gets("/admin/logs?cursor=x")).status, 400);
  await node.close();
});

test("an administrator sets a user's budget, and the user sees it and is held to it", async (t) => {
  const { node, root } = await startWithAdmin();
  const alice = await registersAtChat(node, "alice");
  const aliceId = String((await alice.gets("/auth/me")).body.id);
  const address = `/admin/users/${aliceId}/budget`;
  const budget = { day_limit: 0.000325, month_limit: "unlimited", time_zone: "Asia/Shanghai" };
  const set = await root.puts(address, budget);
  t.is(set.status, 200);
  t.like(set.body, { timeZone: "Asia/Shanghai", day: { used: "0.000000", limit: "0.000325" } });
  const shown = (await alice.gets("/api/usage")).body.budget;
  t.deepEqual(shown, (await root.gets(address)).body);
  t.false("limit" in shown.month);
  const ask = requestsOf(node, aliceId);
  await ask("r1", { hold: { payer: { userId: aliceId } } });
  await t.throwsAsync(ask("r2", { hold: { payer: { userId: aliceId } } }), { message: /budget is spent/ });
  t.like((await alice.gets("/api/usage")).body.budget, { day: { used: "0.000200", held: "0.000000" } });
  for (const wrong of [
    { day_limit: -1 },
    { day_limit: "much" },
    { day_limit: 0.0000001 },
    { time_zone: "Mars/Olympus" },
  ]) {
    t.is((await root.puts(address, wrong)).status, 400, JSON.stringify(wrong));
  }
  t.is((await root.puts("/admin/users/1/budget", budget)).status, 404);
  t.is((await root.puts("/admin/users/nobody/budget", budget)).status, 404);
  await node.close();
});
