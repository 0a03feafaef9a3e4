// The pool behind the surface of OpenAI's format, over a whole node: accounts that are imported, an upstream that knows them, and a
// token endpoint with refresh tokens that are good for one use.
import test, { type ExecutionContext } from "ava";
import { startIdentityProvider } from "../support/llm/identity-provider.ts";
import { completion, json, refusal } from "../support/llm/openai-bytes.ts";
import { sixty } from "../support/llm/pool-gateway.ts";
import type { Script, UpstreamRequest } from "../support/llm/script.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { startV1 } from "../support/llm/v1-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const login = { username: "root", password: "correct horse battery" };

/** Accounts by name, each answered by its script when its newest token comes, and with 401 for an older one. */
async function startPool(t: ExecutionContext, env: Record<string, string> = {}) {
  const provider = await startIdentityProvider();
  const upstream = await startScriptedUpstream();
  const v1 = await startV1(t, {
    env: {
      ...{ POOL_UPSTREAM_URL: upstream.url, POOL_TOKEN_URL: provider.url },
      ...{ ADMIN_USERNAME: login.username, ADMIN_PASSWORD: login.password, ...env },
    },
  });
  t.teardown(async () => {
    await upstream.close();
    await provider[Symbol.asyncDispose]();
  });
  const admin = new SurfaceClient(v1.node);
  admin.token = (await admin.posts("/admin/login", login)).body.token;
  const scripts = new Map<string, Script>();
  const refused = new Set<string>();
  upstream.always((call) => {
    const key = call.request.key ?? "";
    const isGood = provider.isNewest(key) && !refused.has(key);
    const script = scripts.get(nameOf(call.request)) ?? json(completion(`from ${nameOf(call.request)}`));
    return isGood ? script(call) : refusal(401)(call);
  });
  return {
    ...{ ...v1, provider, pooled: upstream, admin, scripts, refused },
    async adds(name: string, expiresInMs?: number) {
      const account = provider.issue({ name, ...(expiresInMs !== undefined && { expiresInMs }) });
      const body = {
        access_token: account.accessToken,
        refresh_token: account.refreshToken,
        id_token: account.idToken,
      };
      await admin.posts("/admin/tokens/import", body);
      return account;
    },
    ask: (more: object = {}) => v1.post("/chat/completions", v1.hello(more)),
    asked: (name: string) => upstream.journal.filter((request) => nameOf(request) === name).length,
    async status(name: string) {
      const { data } = (await admin.gets("/admin/tokens")).body;
      return data.find(({ email }: { email: string }) => email === `${name}@example.test`);
    },
  };
}

function nameOf({ key = "" }: UpstreamRequest): string {
  const { email } = JSON.parse(Buffer.from(key.split(".")[1] ?? "", "base64url").toString());
  return email.split("@")[0];
}

async function textOf(response: Response): Promise<string> {
  const body = (await response.json()) as { choices?: { message: { content: string } }[] };
  return body.choices?.[0]?.message.content ?? JSON.stringify(body);
}

test("60 requests with an expired account, and 60 whose token the upstream refuses: one refresh each, and all are answered", async (t) => {
  const { ask, adds, provider, upstream, refused, pooled, status } = await startPool(t);
  await adds("ann", -1_000);
  provider.delayMs = 500;
  const storm = async () => Promise.all((await Promise.all(sixty.map(() => ask()))).map(textOf));
  t.deepEqual(new Set(await storm()), new Set(["from ann"]));
  t.is(provider.journal.length, 1);

  refused.add(pooled.journal.at(-1)?.key ?? "");
  t.deepEqual(new Set(await storm()), new Set(["from ann"]));
  t.is(provider.journal.length, 2);
  t.is((await status("ann")).status, "active");
  t.is(upstream.journal.filter(({ path }) => path !== "/v1/models").length, 0, "the system's provider is not asked");
});

test("a refreshed token that is refused, too, sends requests to the next account", async (t) => {
  const { ask, adds, provider, scripts, status } = await startPool(t);
  await adds("ann");
  scripts.set("ann", refusal(401));
  await adds("bob");
  for (let i = 0; i < 4; i += 1) t.is(await textOf(await ask()), "from bob");
  t.is(provider.journal.length, 1);
  t.like(await status("ann"), { status: "cooling", reason: "The upstream refuses its token." });
});

test("invalid_grant ends the tries, and stands in the list of accounts", async (t) => {
  const { ask, adds, provider, scripts, status, asked } = await startPool(t);
  provider.revoke(await adds("ann"));
  scripts.set("ann", refusal(401));
  await adds("bob");
  for (let i = 0; i < 4; i += 1) t.is(await textOf(await ask()), "from bob");
  t.deepEqual(
    provider.journal.map(({ outcome }) => outcome),
    ["invalid_grant"],
  );
  t.like(await status("ann"), { status: "refresh_failed", reason: "invalid_grant" });
  t.is(asked("ann"), 1);
});

for (const [what, headers, error] of [
  ["seconds", { "retry-after": "120" }, {}],
  ["nonsense", { "retry-after": "soon" }, {}],
  ["31 days", { "retry-after": String(31 * 86_400) }, {}],
  ["a reset in the body", {}, { resets_in_seconds: 561_635 }],
] as const) {
  test(`an account that its upstream limits (${what}) is not asked while it cools, also after a restart`, async (t) => {
    const { ask, adds, scripts, asked, status, node } = await startPool(t, { LLM_COOLDOWN_MS: "60000" });
    await adds("ann");
    await adds("bob");
    scripts.set("ann", refusal(429, headers, error));
    for (let i = 0; i < 6; i += 1) t.is(await textOf(await ask()), "from bob");
    t.is(asked("ann"), 1);
    const { status: shown, cools_until: until } = await status("ann");
    t.is(shown, "cooling");
    t.true(Date.parse(until) <= Date.now() + 600_000, "within the cap");
    if (what !== "seconds") return;
    await node.restart();
    for (let i = 0; i < 3; i += 1) t.is(await textOf(await ask()), "from bob");
    t.is(asked("ann"), 1);
  });
}

test("when every account cools, the client is told the shortest wait in whole seconds, and a probe finds the recovery", async (t) => {
  const { ask, adds, scripts, pooled, status } = await startPool(t);
  await adds("ann");
  await adds("bob");
  scripts.set("ann", refusal(429, { "retry-after": "90" }));
  scripts.set("bob", refusal(429, { "retry-after": "0.3" }));
  const refusedNow = await ask();
  t.is(refusedNow.status, 429);
  t.is(refusedNow.headers.get("retry-after"), "1");
  scripts.delete("bob");
  while ((await status("bob")).cools_until !== null) await new Promise((resolve) => setTimeout(resolve, 20));
  const before = pooled.journal.length;
  t.is(await textOf(await ask()), "from bob");
  t.is(pooled.journal.length, before + 1);
  t.like(await status("bob"), { status: "active" });
});

test("a client's own mistake, a single error of the server and a refusal of one endpoint cool no account", async (t) => {
  const { ask, post, adds, scripts, status, asked } = await startPool(t);
  await adds("ann");
  for (const code of [400, 404, 413, 422]) {
    scripts.set("ann", refusal(code));
    const { status: answered } = await ask();
    t.true(answered >= 400 && answered < 500, `${code}`);
    t.is((await status("ann")).status, "active", `${code}`);
  }
  scripts.set("ann", refusal(500));
  const before = asked("ann");
  t.true((await ask()).status >= 500);
  t.true(asked("ann") > before);
  t.is((await status("ann")).status, "active");
  scripts.set("ann", (call) =>
    call.request.path.startsWith("/v1/embeddings") ? refusal(403)(call) : json(completion("from ann"))(call),
  );
  await post("/embeddings", { model: "m", input: "x" });
  t.is(await textOf(await ask()), "from ann");
  t.like(await status("ann"), { status: "active", reason: "Refused: /embeddings." });
});
