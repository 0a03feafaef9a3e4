// Which upstream serves whom: by the surface, the model's name, what the system has configured and what the payer brought.
import test from "ava";
import type { UpstreamTarget } from "../../actors/llm/contract.ts";
import { ModelSettings, type OwnUpstream, type ProviderKey } from "../../actors/models/contract.ts";
import { createModelDirectory } from "../../actors/models/directory.ts";
import { createKeyUses, keyUsesEveryMs } from "../../actors/models/key-uses.ts";
import { createHasAccounts } from "../../actors/models/pool-presence.ts";
import { providerCalled, providerOfModel } from "../../actors/models/providers.ts";
import { baseUrlOf, chooseTargets, type RoutingFacts, type RoutingRules } from "../../actors/models/targets.ts";
import { type Credential, listFreshMs, wholeAccount } from "../../actors/pool/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import { DomainError } from "../../actors/shared/errors.ts";

const noPool = { hasAccounts: async () => false, ready: async () => {} };
const nobody: RoutingFacts = { keys: [], hasPool: false };
const rules: RoutingRules = {
  providers: {
    openai: { baseUrl: "https://gate.example.test/v1", sealedKey: "s:openai" },
    anthropic: { baseUrl: "https://claude.example.test/v1", sealedKey: "s:anthropic" },
  },
  pool: { name: "default", baseUrl: "https://pool.example.test/v1" },
  defaultModel: "gpt-4o-mini",
  aliases: { fast: "gpt-4o-mini", smart: "claude-sonnet-4-5" },
  fallbacks: { "gpt-4o": ["gpt-4o-mini", "claude-haiku-4-5"] },
};
const own: OwnUpstream = {
  modelUrl: "https://own.example.test/v1/",
  modelName: "own-1",
  sealedKey: "s:own",
  configuredAtMs: 1,
};
const key = (more: Partial<ProviderKey>): ProviderKey => ({
  ...{ keyId: "1", provider: "openai", displayName: "", sealedKey: "s:mine", keyHash: "h", isActive: true },
  ...{ createdAtMs: 1, usageCount: 0 },
  ...more,
});

function targets(question: Parameters<typeof chooseTargets>[1], facts: Partial<RoutingFacts> = {}, by = rules) {
  return chooseTargets(by, question, { ...nobody, ...facts }).map(({ target }) => target);
}
const shown = (found: readonly UpstreamTarget[]) =>
  found.map(({ provider, baseUrl, model, credential }) => {
    const secret = credential.kind === "key" ? credential.sealedKey : credential.kind;
    return `${provider} ${baseUrl} ${model} ${secret}`;
  });

test("/v1 goes to the pool while the pool has accounts, else to the system's provider", (t) => {
  t.deepEqual(shown(targets({ surface: "v1", model: "gpt-4o-mini" }, { hasPool: true })), [
    "openai https://pool.example.test/v1 gpt-4o-mini pool",
  ]);
  t.deepEqual(shown(targets({ surface: "v1", model: "gpt-4o-mini" })), [
    "openai https://gate.example.test/v1 gpt-4o-mini s:openai",
  ]);
});

test("a model of a provider that the system has configured goes there, also on /v1 beside a pool", (t) => {
  for (const surface of ["v1", "nextchat", "im"] as const) {
    const [target] = targets({ surface, model: "claude-sonnet-4-5" }, { hasPool: true });
    t.like(target, { provider: "anthropic", format: "anthropic", baseUrl: "https://claude.example.test/v1" });
  }
});

test("a name that nobody knows, and one whose provider is not configured, passes through to the system's provider", (t) => {
  for (const model of ["llama3:8b", "gemini-2.5-pro", "qwen-max", "__proto__", "constructor"]) {
    t.deepEqual(shown(targets({ surface: "v1", model })), [`openai https://gate.example.test/v1 ${model} s:openai`]);
  }
});

test("the pool serves /v1 alone", (t) => {
  for (const surface of ["nextchat", "im", "image"] as const) {
    const [target] = targets({ surface, model: "gpt-4o-mini" }, { hasPool: true });
    t.is(target?.baseUrl, "https://gate.example.test/v1");
  }
});

test("a caller's active key of the provider comes before the system's, and there is no way from one to the other", (t) => {
  const keys = [key({}), key({ keyId: "2", sealedKey: "s:second" }), key({ keyId: "3", provider: "Claude" })];
  t.deepEqual(shown(targets({ surface: "nextchat", model: "gpt-4o-mini" }, { keys })), [
    "openai https://gate.example.test/v1 gpt-4o-mini s:mine",
    "openai https://gate.example.test/v1 gpt-4o-mini s:second",
  ]);
  t.deepEqual(shown(targets({ surface: "nextchat", model: "my-tuned", provider: "Anthropic" }, { keys })), [
    "anthropic https://claude.example.test/v1 my-tuned s:mine",
  ]);
  t.deepEqual(
    shown(targets({ surface: "nextchat", model: "gemini-2.5-pro" }, { keys: [key({ provider: "google" })] })),
    ["google https://generativelanguage.googleapis.com/v1beta gemini-2.5-pro s:mine"],
  );
});

test("a key on /v1 is no reason to ask another upstream", (t) => {
  t.deepEqual(shown(targets({ surface: "v1", model: "gpt-4o-mini" }, { keys: [key({})] })), [
    "openai https://gate.example.test/v1 gpt-4o-mini s:openai",
  ]);
});

test("the one-to-one chat uses the user's own upstream and nothing else, through the guard", (t) => {
  const [target, ...more] = targets({ surface: "chat", model: "gpt-4o" }, { own, keys: [key({})] });
  t.deepEqual(target, {
    provider: "compatible",
    baseUrl: "https://own.example.test/v1",
    model: "own-1",
    credential: { kind: "key", sealedKey: "s:own" },
    isUserUrl: true,
  });
  t.deepEqual(more, []);
});

test("a chat of a user without an own upstream uses the configured default, else the system's provider", (t) => {
  const defaultUpstream = { baseUrl: "https://house.example.test/v1", model: "house-1" };
  const by = { ...rules, defaultUpstream };
  t.deepEqual(shown(targets({ surface: "chat", model: "" }, {}, by)), [
    "compatible https://house.example.test/v1 house-1 none",
  ]);
  t.is(targets({ surface: "chat", model: "" }, { own }, by)[0]?.isUserUrl, true);
  t.deepEqual(shown(targets({ surface: "chat", model: "" })), [
    "openai https://gate.example.test/v1 gpt-4o-mini s:openai",
  ]);
  t.deepEqual(targets({ surface: "chat", model: "" }, {}, { ...rules, providers: {} }), []);
});

test("the assistant `own` is the payer's own upstream on every surface, with the model that is asked for", (t) => {
  for (const surface of ["im", "image", "nextchat"] as const) {
    t.is(targets({ surface, model: "", provider: "own" }, { own })[0]?.model, "own-1");
    t.is(targets({ surface, model: "paint-1", provider: "own" }, { own })[0]?.model, "paint-1");
    t.deepEqual(targets({ surface, model: "", provider: "own" }), []);
  }
});

test("a conversation that names no model uses the user's own one, else the system's default", (t) => {
  t.is(targets({ surface: "image", model: "" }, { own })[0]?.model, "own-1");
  t.deepEqual(shown(targets({ surface: "image", model: "" })), [
    "openai https://gate.example.test/v1 gpt-4o-mini s:openai",
  ]);
});

test("where the system has no provider at all, a user's own upstream answers, and /v1 answers that there is no model", (t) => {
  const bare = { ...rules, providers: {}, pool: undefined };
  t.is(targets({ surface: "image", model: "paint-1" }, { own }, bare)[0]?.model, "paint-1");
  t.deepEqual(targets({ surface: "image", model: "paint-1" }, {}, bare), []);
  t.deepEqual(targets({ surface: "v1", model: "paint-1" }, { own }, bare), []);
});

test("aliases are other names, and fallbacks follow in their order, each where its name leads", (t) => {
  t.is(targets({ surface: "v1", model: "fast" })[0]?.model, "gpt-4o-mini");
  t.like(targets({ surface: "v1", model: "smart" })[0], { provider: "anthropic", model: "claude-sonnet-4-5" });
  t.deepEqual(shown(targets({ surface: "v1", model: "gpt-4o" }, { hasPool: true })), [
    "openai https://pool.example.test/v1 gpt-4o pool",
    "openai https://pool.example.test/v1 gpt-4o-mini pool",
    "anthropic https://claude.example.test/v1 claude-haiku-4-5 s:anthropic",
  ]);
});

test("Azure has its own addresses and header; Wenxin, Doubao and Qwen speak OpenAI's format", (t) => {
  const azure = { baseUrl: "https://res.openai.azure.com", sealedKey: "s:azure" };
  const by: RoutingRules = {
    ...rules,
    providers: {
      azure: { ...azure, apiVersion: "2024-10-21" },
      wenxin: { baseUrl: "https://qianfan.example.test/v2", sealedKey: "s:w" },
      doubao: { baseUrl: "https://ark.example.test/api/v3", sealedKey: "s:d" },
      qwen: { baseUrl: "https://dashscope.example.test/v1", sealedKey: "s:q" },
    },
  };
  t.like(targets({ surface: "nextchat", model: "gpt 4/o", provider: "Azure" }, {}, by)[0], {
    baseUrl: "https://res.openai.azure.com/openai/deployments/gpt%204%2Fo",
    query: "api-version=2024-10-21",
    keyHeader: "api-key",
  });
  t.like(targets({ surface: "nextchat", model: "d", provider: "azure" }, {}, { ...by, providers: { azure } })[0], {
    baseUrl: "https://res.openai.azure.com/openai/v1",
    keyHeader: "api-key",
  });
  for (const [model, provider] of [
    ["ernie-4.5-turbo-128k", "wenxin"],
    ["ep-20250101-abcde", "doubao"],
    ["doubao-1-5-pro", "doubao"],
    ["qwen-max", "qwen"],
  ] as const) {
    const [target] = targets({ surface: "nextchat", model }, {}, by);
    t.is(target?.provider, provider);
    t.is(target?.format, undefined);
  }
});

test("a user's Azure key without a configured resource has no address to go to", (t) => {
  const facts = { keys: [key({ provider: "azure" })] };
  t.deepEqual(shown(targets({ surface: "nextchat", model: "d", provider: "azure" }, facts)), [
    "openai https://gate.example.test/v1 d s:openai",
  ]);
});

test("providers are known by the names that clients use, models by their beginnings", (t) => {
  for (const [name, provider] of [
    ["OpenAI", "openai"],
    ["Azure OpenAI", "azure"],
    ["Google", "google"],
    ["Baidu", "wenxin"],
    ["ByteDance", "doubao"],
    ["Alibaba", "qwen"],
  ] as const) {
    t.is(providerCalled(name), provider);
  }
  t.is(providerCalled("constructor"), undefined);
  t.is(providerOfModel("o3-mini"), "openai");
  t.is(providerOfModel("o10"), undefined);
  t.is(providerOfModel("Claude-3-haiku"), "anthropic");
});

test("an address is used as people paste it: with a slash, with the whole path, without a path", (t) => {
  for (const pasted of ["https://a.test", "https://a.test/", "https://a.test/v1", "https://a.test/v1//"]) {
    t.is(baseUrlOf(pasted), "https://a.test/v1");
  }
  t.is(baseUrlOf(" https://a.test/v1/chat/completions "), "https://a.test/v1");
  t.is(baseUrlOf("https://ark.test/api/v3/"), "https://ark.test/api/v3");
});

test("the directory reads what the payer brought, skips expired and switched-off keys, and counts what it uses", async (t) => {
  const clock = createStoppedClock();
  const keys = [
    key({ keyId: "1", isActive: false }),
    key({ keyId: "2", expiresAtMs: clock.nowMs() }),
    key({ keyId: "3", sealedKey: "s:third", expiresAtMs: clock.nowMs() + 1 }),
  ];
  const { actors, uses, reads } = settingsOf({ keys, upstream: own });
  const keyUses = createKeyUses({ actors, clock, reportError: (message) => t.fail(message) });
  const directory = createModelDirectory({ actors, rules, ...noPool, uses: keyUses, clock });
  const question = { payer: { userId: "7" }, surface: "nextchat", model: "gpt-4o-mini" } as const;
  t.deepEqual(shown(await directory.resolve(question)), ["openai https://gate.example.test/v1 gpt-4o-mini s:third"]);
  await directory.resolve(question);
  t.deepEqual(uses, [], "counted in memory first");
  clock.run(keyUsesEveryMs);
  t.deepEqual(uses, ["7 3 2"]);
  reads.length = 0;
  await directory.resolve({ ...question, surface: "v1" });
  t.deepEqual(reads, [], "/v1 depends on nothing that a user brought");
  await directory.resolve(question);
  await keyUses.close();
  t.deepEqual(uses, ["7 3 2", "7 3 1"]);
});

test("a pool serves while one of its accounts may: asked once a moment, and again after a failure", async (t) => {
  const clock = createStoppedClock();
  let credentials: Credential[] = [];
  let questions = 0;
  let failure: Error | undefined;
  const list = async () => {
    questions += 1;
    if (failure) throw failure;
    return { version: 1, credentials };
  };
  const hasAccounts = createHasAccounts({ actors: { get: () => ({ list }) } as unknown as Actors, clock });
  t.deepEqual(await Promise.all([hasAccounts("default"), hasAccounts("default")]), [false, false]);
  t.is(questions, 1);
  credentials = [credential({})];
  t.true(await hasAccounts("default"), "an account that was imported meanwhile serves at once");
  credentials = [];
  t.true(await hasAccounts("default"), "remembered for a moment");
  const untilMs = clock.nowMs() + 60_000;
  for (const [account, serves] of [
    [credential({}), true],
    [credential({ isActive: false }), false],
    [credential({ cooling: { [wholeAccount]: { untilMs, seen: "rate_limited", strikes: 1 } } }), true],
    [credential({ expiresAtMs: 1, hasRefreshToken: false }), false],
  ] as const) {
    clock.pass(listFreshMs);
    credentials = [account];
    t.is(await hasAccounts("default"), serves);
  }
  clock.pass(listFreshMs);
  failure = new DomainError("common.unavailable");
  await t.throwsAsync(hasAccounts("default"), { message: failure.message });
  failure = undefined;
  credentials = [credential({})];
  t.true(await hasAccounts("default"), "a failure is not remembered");
});

test("a list of accounts that has not changed is not sent again, and says the same", async (t) => {
  const clock = createStoppedClock();
  const credentials = [credential({ expiresAtMs: clock.nowMs() + 2 * listFreshMs, hasRefreshToken: false })];
  const seen: (number | undefined)[] = [];
  const list = async ({ seenVersion }: { seenVersion?: number }) => {
    seen.push(seenVersion);
    return seenVersion === 7 ? { version: 7 } : { version: 7, credentials };
  };
  const hasAccounts = createHasAccounts({ actors: { get: () => ({ list }) } as unknown as Actors, clock });
  t.true(await hasAccounts("default"));
  clock.pass(listFreshMs);
  t.true(await hasAccounts("default"));
  clock.pass(listFreshMs);
  t.false(await hasAccounts("default"), "the token of the only account has expired meanwhile");
  t.deepEqual(seen, [undefined, 7, 7]);
});

test("the directory says what is missing: a configuration of the user, or a provider of the server", async (t) => {
  const { actors } = settingsOf({ keys: [] });
  const clock = createStoppedClock();
  const uses = createKeyUses({ actors, clock, reportError: (message) => t.fail(message) });
  const bare = { ...rules, providers: {}, pool: undefined };
  const directory = createModelDirectory({ actors, rules: bare, ...noPool, uses, clock });
  const ask = (surface: "v1" | "chat" | "im") => directory.resolve({ payer: { userId: "7" }, surface, model: "x" });
  await t.throwsAsync(ask("chat"), { message: /Set the address and key/ });
  await t.throwsAsync(ask("im"), { message: /Set the address and key/ });
  await t.throwsAsync(ask("v1"), { message: /no provider of models/ });
});

/** Actors of the kind `models` that answer these, and note what is read and counted. */
function settingsOf({ keys, upstream }: { keys: readonly ProviderKey[]; upstream?: OwnUpstream }) {
  const [uses, reads] = [[] as string[], [] as string[]];
  const actors = {
    get: (contract: unknown, userId: string) => {
      if (contract !== ModelSettings) throw new Error("only settings of models are read");
      return {
        upstream: async () => {
          reads.push("upstream");
          return { upstream };
        },
        keys: async () => {
          reads.push("keys");
          return { keys };
        },
        keyUsed: async ({ keyId, count }: { keyId: string; count: number }) => {
          uses.push(`${userId} ${keyId} ${count}`);
          return null;
        },
      };
    },
  } as unknown as Actors;
  return { actors, uses, reads };
}

function credential(more: Partial<Credential>): Credential {
  return {
    ...{ credentialId: "1", name: "", email: "", accountId: "", weight: 1, isActive: true, createdAtMs: 1 },
    ...{ tokenVersion: 1, obtainedAtMs: 1, hasRefreshToken: true, isUnproven: false, cooling: {} },
    ...more,
  };
}

/** A clock that stands still; `run` calls what waits for at most so long, `pass` lets the time go by. */
function createStoppedClock(): Clock & { run(ms: number): void; pass(ms: number): void } {
  let nowMs = 1_000;
  let waiting: { delayMs: number; callback: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    pass: (ms) => {
      nowMs += ms;
    },
    soon: (callback) => queueMicrotask(callback),
    after(delayMs, callback) {
      const entry = { delayMs, callback };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((each) => each !== entry);
      };
    },
    run(ms) {
      const due = waiting.filter(({ delayMs }) => delayMs <= ms);
      waiting = waiting.filter(({ delayMs }) => delayMs > ms);
      for (const { callback } of due) callback();
    },
  };
}
