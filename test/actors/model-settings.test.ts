import test from "ava";
import { systemModels } from "../../actors/models/contract.ts";
import { maxModelBytes, maxModelItems } from "../../actors/models/limits.ts";
import { modelSettings } from "../../actors/models/models.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { LoneActor } from "../support/lone-actor.ts";

const aliceId = "7";
const start = (key = aliceId) => new LoneActor(modelSettings, key);
const ownModel = { modelUrl: "https://models.example.test/v1", modelName: "small-chat", sealedKey: "k1:sealed" };
const openAiKey = { provider: "openai", displayName: "Work", sealedKey: "k1:abc", keyHash: "h1" };
const poet = { name: "Poet", avatar: "", model: "gpt-4o", systemPrompt: "Answer in verse." };

test("a user's own upstream is the last one that was set, with its time", (t) => {
  const alice = start();
  t.deepEqual(alice.ask("upstream", {}), { upstream: undefined });
  alice.run("setUpstream", ownModel);
  alice.nowMs += 5_000;
  const changed = alice.run("setUpstream", { ...ownModel, modelName: "large-chat" });
  t.deepEqual(changed, { ...ownModel, modelName: "large-chat", configuredAtMs: alice.nowMs });
  t.deepEqual(alice.ask("upstream", {}), { upstream: changed });
});

for (const [what, modelUrl] of [
  ["no address", "models.example.test"],
  ["another scheme", "file:///etc/passwd"],
  ["a password", "https://alice:secret@models.example.test/v1"],
  ["a query", "https://models.example.test/v1?key=secret"],
  ["a fragment", "https://models.example.test/v1#x"],
  ["a line break, which a URL parser drops", "https://models.example.test/v1\n/x"],
  ["more than 500 characters", `https://models.example.test/${"x".repeat(500)}`],
] as const) {
  test(`an own upstream with ${what} is refused, and nothing changes`, (t) => {
    const alice = start();
    t.is(
      errorOf(() => alice.run("setUpstream", { ...ownModel, modelUrl })),
      "common.invalid",
    );
    t.is(alice.records.length, 0);
  });
}

test("provider keys are listed in the order they came, switched off and on, and removed", (t) => {
  const alice = start();
  const first = alice.run("addKey", openAiKey);
  const second = alice.run("addKey", { ...openAiKey, provider: "anthropic", expiresAtMs: alice.nowMs + 1 });
  t.like(first, { ...openAiKey, isActive: true, createdAtMs: alice.nowMs, usageCount: 0 });
  t.false(alice.run("setKeyActive", { keyId: first.keyId, isActive: false }).isActive);
  alice.run("setKeyActive", { keyId: first.keyId, isActive: false });
  t.is(alice.records.length, 3, "a switch that changes nothing is no record");
  t.deepEqual(alice.ask("keys", {}).keys, [{ ...first, isActive: false }, second]);
  alice.run("removeKey", { keyId: first.keyId });
  t.deepEqual(alice.ask("keys", {}).keys, [second]);
  t.is(
    errorOf(() => alice.run("removeKey", { keyId: first.keyId })),
    "llm.key_not_found",
  );
  t.is(
    errorOf(() => alice.run("setKeyActive", { keyId: first.keyId, isActive: true })),
    "llm.key_not_found",
  );
});

test("the uses of a key are added up, and those of a removed key change nothing", (t) => {
  const alice = start();
  const { keyId } = alice.run("addKey", openAiKey);
  alice.run("keyUsed", { keyId, count: 3 });
  alice.nowMs += 60_000;
  alice.run("keyUsed", { keyId, count: 1 });
  t.like(alice.ask("keys", {}).keys[0], { usageCount: 4, lastUsedAtMs: alice.nowMs });
  alice.run("keyUsed", { keyId: "999", count: 1 });
  alice.run("keyUsed", { keyId, count: 0 });
  t.is(alice.records.length, 3);
});

test("a key that has expired already, without a provider's name, or one too many is refused", (t) => {
  const alice = start();
  alice.isChecked = false;
  t.is(
    errorOf(() => alice.run("addKey", { ...openAiKey, expiresAtMs: alice.nowMs })),
    "common.invalid",
  );
  t.is(
    errorOf(() => alice.run("addKey", { ...openAiKey, provider: " " })),
    "common.invalid",
  );
  t.is(
    errorOf(() => alice.run("addKey", { ...openAiKey, sealedKey: "x".repeat(9_000) })),
    "common.invalid",
  );
  for (let i = 0; i < maxModelItems.keys; i += 1) alice.run("addKey", openAiKey);
  t.is(
    errorOf(() => alice.run("addKey", openAiKey)),
    "llm.list_full",
  );
});

test("an assistant belongs to its maker, keeps its id when it changes, and is gone when removed", (t) => {
  const alice = start();
  const made = alice.run("putAssistant", poet);
  t.deepEqual(made, { ...poet, assistantId: made.assistantId, ownerId: aliceId });
  const changed = alice.run("putAssistant", { ...poet, assistantId: made.assistantId, provider: "openai" });
  t.deepEqual(alice.ask("assistants", {}).assistants, [changed]);
  t.is(
    errorOf(() => alice.run("putAssistant", { ...poet, assistantId: "model-gpt-4o" })),
    "llm.assistant_not_found",
  );
  alice.run("removeAssistant", { assistantId: made.assistantId });
  t.deepEqual(alice.ask("assistants", {}).assistants, []);
  t.is(
    errorOf(() => alice.run("removeAssistant", { assistantId: made.assistantId })),
    "llm.assistant_not_found",
  );
});

test("assistants are bounded in number, in the length of each text, and in all their bytes", (t) => {
  const alice = start();
  alice.isChecked = false;
  const long = "界".repeat(maxModelBytes.systemPrompt / 3);
  t.is(
    errorOf(() => alice.run("putAssistant", { ...poet, systemPrompt: `${long}!` })),
    "common.invalid",
  );
  t.is(
    errorOf(() => alice.run("putAssistant", { ...poet, name: "\u202e" })),
    "common.invalid",
  );
  t.is(
    errorOf(() => alice.run("putAssistant", { ...poet, model: " " })),
    "common.invalid",
  );
  const makeAll = () => {
    for (let i = 0; i <= maxModelItems.assistants; i += 1) alice.run("putAssistant", { ...poet, systemPrompt: long });
  };
  t.is(errorOf(makeAll), "llm.list_full");
  t.true(JSON.stringify(alice.ask("assistants", {})).length < maxModelBytes.assistants);
  for (const { assistantId } of alice.ask("assistants", {}).assistants) alice.run("removeAssistant", { assistantId });
  for (let i = 0; i < maxModelItems.assistants; i += 1) alice.run("putAssistant", poet);
  t.is(
    errorOf(() => alice.run("putAssistant", poet)),
    "llm.list_full",
  );
});

test("only the system has settings: a patch merges, null removes", (t) => {
  t.is(
    errorOf(() => start().run("changeSettings", { patch: { needCode: true } })),
    "common.forbidden",
  );
  const system = start(systemModels);
  system.run("changeSettings", { patch: { needCode: true, customModels: "a,b", nested: { a: 1 } } });
  const { settings } = system.run("changeSettings", {
    patch: { needCode: false, customModels: null, nested: { b: 2 } },
  });
  t.deepEqual(settings, { needCode: false, nested: { b: 2 } });
  t.deepEqual(system.ask("settings", {}), { settings });
});

test("settings are bounded in number, names and size", (t) => {
  const system = start(systemModels);
  const many = Object.fromEntries(Array.from({ length: maxModelItems.settings + 1 }, (_, i) => [`s${i}`, i]));
  t.is(
    errorOf(() => system.run("changeSettings", { patch: many })),
    "llm.list_full",
  );
  t.is(
    errorOf(() => system.run("changeSettings", { patch: { ["x".repeat(65)]: 1 } })),
    "common.invalid",
  );
  t.is(
    errorOf(() => system.run("changeSettings", { patch: JSON.parse('{"__proto__":1}') })),
    "common.invalid",
  );
  t.is(
    errorOf(() => system.run("changeSettings", { patch: { big: "x".repeat(40_000) } })),
    "common.invalid",
  );
  t.is(system.records.length, 0);
});

test("the state is the fold of its records, from any snapshot", (t) => {
  const alice = start();
  alice.run("setUpstream", ownModel);
  const { keyId } = alice.run("addKey", openAiKey);
  alice.run("keyUsed", { keyId, count: 2 });
  alice.run("setKeyActive", { keyId, isActive: false });
  const { assistantId } = alice.run("putAssistant", poet);
  alice.run("putAssistant", { ...poet, assistantId, name: "Bard" });
  alice.run("removeKey", { keyId });
  for (let i = 0; i <= alice.records.length; i += 1) t.deepEqual(alice.replayed(i), alice.state);
});

function errorOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error.error;
    throw error;
  }
  return "no error";
}
