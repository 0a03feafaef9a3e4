// Replies by upstreams that are not quite OpenAI's, through the whole relay: each provider's own address, header and format.
import test, { type ExecutionContext } from "ava";
import type { Delta } from "../../actors/llm/chat.ts";
import type { UpstreamTarget } from "../../actors/llm/contract.ts";
import { chooseTargets, type RoutingRules } from "../../actors/models/targets.ts";
import { createModels } from "../../actors/relay/models.ts";
import { createProviderChat } from "../../infra/llm/providers/provider-chat.ts";
import { anthropicAnswer, anthropicError } from "../support/llm/anthropic-upstream.ts";
import { azureAnswer } from "../support/llm/azure-upstream.ts";
import { googleAnswer } from "../support/llm/google-upstream.ts";
import { stream } from "../support/llm/openai-bytes.ts";
import { openRelay } from "../support/llm/relay-rig.ts";
import type { Script } from "../support/llm/script.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";

const version = "2024-10-21";
const noRules = { defaultModel: "gpt-4o-mini", aliases: {}, fallbacks: {} };

test("Azure is asked at the address of the deployment, and its reports between the chunks are no text", async (t) => {
  const pieces = ["a", "b", "c"];
  const { origin, journal } = await start(t, azureAnswer({ deployment: "chat 4/o", version, key: "az-key", pieces }));
  const azure = { baseUrl: origin, sealedKey: "az-key", apiVersion: version };
  const { end, deltas } = await chat(t, { providers: { azure } }, { model: "chat 4/o", provider: "azure" });
  t.like(end, { status: "completed", reason: "stop", text: "abc", provider: "azure", attempts: 1 });
  t.like(end.usage, { inputTokens: 12, outputTokens: 3 });
  t.deepEqual(
    deltas,
    pieces.map((text) => ({ type: "text", text })),
  );
  t.is(journal.length, 1);
});

test("Wenxin, Doubao and Qwen are asked like OpenAI, at their own addresses with their own keys", async (t) => {
  for (const [provider, model, path] of [
    ["wenxin", "ernie-4.5-turbo", "/v2"],
    ["doubao", "ep-20250101-abcde", "/api/v3"],
    ["qwen", "qwen-max", "/compatible-mode/v1"],
  ] as const) {
    const { origin, journal } = await start(t, stream(["ok"]));
    const providers = { [provider]: { baseUrl: `${origin}${path}`, sealedKey: `key-${provider}` } };
    const { end } = await chat(t, { providers }, { model });
    t.like(end, { status: "completed", text: "ok", provider });
    t.like(journal[0], { path: `${path}/chat/completions`, key: `key-${provider}` });
    t.is(journal[0]?.json().model, model);
  }
});

test("Anthropic and Google answer a reply in their own formats", async (t) => {
  const blocks = [{ type: "thinking", pieces: ["hm"] } as const, { type: "text", pieces: ["Hel", "lo"] } as const];
  const claude = await start(t, anthropicAnswer({ blocks, usage: { input: 7, cacheRead: 3, output: 9 } }));
  const anthropic = { baseUrl: `${claude.origin}/v1`, sealedKey: "sk-ant-test" };
  const byClaude = await chat(t, { providers: { anthropic } }, { model: "claude-sonnet-4-5" });
  t.like(byClaude.end, { status: "completed", text: "Hello", provider: "anthropic" });
  t.like(byClaude.end.usage, { inputTokens: 7, cachedInputTokens: 3, outputTokens: 9 });
  t.deepEqual(byClaude.deltas[0], { type: "reasoning", text: "hm" });

  const parts = [{ text: "Hel" }, { text: "lo" }];
  const gemini = await start(t, googleAnswer({ parts, finishReason: "MAX_TOKENS" }));
  const google = { baseUrl: `${gemini.origin}/v1`, sealedKey: "AIza-test" };
  const byGemini = await chat(t, { providers: { google } }, { model: "gemini-2.5-flash" });
  t.like(byGemini.end, { status: "completed", reason: "length", text: "Hello", provider: "google" });
});

test("a model whose provider is overloaded is answered by its fallback at another provider, unseen", async (t) => {
  for (const status of [429, 529] as const) {
    const name = status === 429 ? "rate_limit_error" : "overloaded_error";
    const claude = await start(t, anthropicError(status, name, "Later."));
    const other = await start(t, stream(["from the fallback"]));
    const rules: Partial<RoutingRules> = {
      providers: {
        anthropic: { baseUrl: `${claude.origin}/v1`, sealedKey: "sk-ant-test" },
        openai: { baseUrl: `${other.origin}/v1`, sealedKey: "sk-test" },
      },
      fallbacks: { "claude-sonnet-4-5": ["gpt-4o-mini"] },
    };
    const { end, deltas } = await chat(t, rules, { model: "claude-sonnet-4-5" });
    t.like(end, { status: "completed", text: "from the fallback", provider: "openai", attempts: 2 });
    t.deepEqual(deltas, [{ type: "text", text: "from the fallback" }]);
    t.is(other.journal[0]?.json().model, "gpt-4o-mini");
  }
});

test("a client's own mistake at a provider ends the request with its text, and no fallback is asked", async (t) => {
  const claude = await start(t, anthropicError(400, "invalid_request_error", "messages: too many"));
  const other = await start(t, stream(["no"]));
  const rules: Partial<RoutingRules> = {
    providers: {
      anthropic: { baseUrl: `${claude.origin}/v1`, sealedKey: "sk-ant-test" },
      openai: { baseUrl: `${other.origin}/v1` },
    },
    fallbacks: { "claude-sonnet-4-5": ["gpt-4o-mini"] },
  };
  const { end } = await chat(t, rules, { model: "claude-sonnet-4-5" });
  t.like(end, { status: "failed", reason: "refused" });
  t.like(end.error, { status: 400, message: "messages: too many" });
  t.is(other.journal.length, 0);
});

async function chat(
  t: ExecutionContext,
  rules: Partial<RoutingRules>,
  { model, provider }: { model: string; provider?: string },
) {
  const providerChat = createProviderChat(() => Promise.reject(new Error("no pictures here")));
  const rig = openRelay({ providers: { anthropic: providerChat, google: providerChat } });
  t.teardown(async () => {
    await Promise.all([rig.close(), providerChat.close()]);
  });
  const question = { surface: "nextchat" as const, model, ...(provider !== undefined && { provider }) };
  const choices = chooseTargets({ ...noRules, providers: {}, ...rules }, question, { keys: [], hasPool: false });
  const deltas: Delta[] = [];
  const end = await createModels(rig).chat(
    {
      ...{ requestId: "r1", payer: { userId: "7" }, surface: "nextchat", endpoint: "/api/chat/completions" },
      targets: choices.map(({ target }): UpstreamTarget => target),
      body: { model, messages: [{ role: "user", content: "hello" }] },
      signal: new AbortController().signal,
    },
    { attempt: () => {}, delta: (delta) => void deltas.push(delta) },
  );
  t.is(rig.ledger.settles.length, 1);
  return { end, deltas };
}

async function start(t: ExecutionContext, script: Script) {
  const upstream = await startScriptedUpstream();
  upstream.always(script);
  t.teardown(() => upstream.close());
  return { origin: `http://127.0.0.1:${upstream.port}`, journal: upstream.journal };
}
