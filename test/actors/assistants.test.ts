import test from "ava";
import { createAssistants, modelAssistantId } from "../../actors/models/assistants.ts";
import { capabilitiesByName, type ListedModel } from "../../actors/models/catalog.ts";
import { systemModels } from "../../actors/models/contract.ts";
import { modelSettings } from "../../actors/models/models.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { LoneActor } from "../support/lone-actor.ts";

const [alice, bob] = ["7", "9"];
const poet = { name: "Poet", avatar: "", model: "gpt-4o", systemPrompt: "Answer in verse." };
const model = (id: string): ListedModel => ({
  ...{ id, provider: "openai", ownedBy: "openai", createdS: 0, capabilities: capabilitiesByName(id) },
});

/** The settings of all users, each an actor without a runtime. */
function people() {
  // Each begins on another day, as ids are times.
  const start = (id: string, day: number) => new LoneActor(modelSettings, id, Date.UTC(2026, 0, 1 + day));
  const actorOf = new Map([alice, bob, systemModels].map((id, day) => [id, start(id, day)]));
  const actors = {
    get: (_: unknown, id: string) => ({
      upstream: async () => actorOf.get(id)?.ask("upstream", {}),
      assistants: async () => actorOf.get(id)?.ask("assistants", {}),
    }),
  } as unknown as Actors;
  const catalog = { list: async () => [model("gpt-4o"), model("gpt-image-1"), model("text-embedding-3-small")] };
  return { run: (id: string) => actorOf.get(id)!, assistants: createAssistants({ actors, catalog }) };
}

test("a user may use the own upstream, own assistants, those of the system, and its chat models", async (t) => {
  const { run, assistants } = people();
  t.deepEqual(
    (await assistants.list(alice)).map(({ assistantId }) => assistantId),
    ["model-gpt-4o"],
  );
  run(alice).run("setUpstream", { modelUrl: "https://a.test/v1", modelName: "house-vision", sealedKey: "s" });
  const mine = run(alice).run("putAssistant", poet);
  const ours = run(systemModels).run("putAssistant", { ...poet, name: "House" });
  run(bob).run("putAssistant", { ...poet, name: "Bob's" });
  const list = await assistants.list(alice);
  t.deepEqual(
    list.map(({ assistantId }) => assistantId),
    ["own", mine.assistantId, ours.assistantId, "model-gpt-4o"],
  );
  t.like(list[0], { name: "house-vision", model: "house-vision", capabilities: { vision: true } });
});

test("an assistant is found by its id: of its maker, of the system, of a model, and the own one before it is set", async (t) => {
  const { run, assistants } = people();
  const mine = run(alice).run("putAssistant", poet);
  const ours = run(systemModels).run("putAssistant", { ...poet, name: "House" });
  t.deepEqual(await assistants.find({ userId: alice, assistantId: mine.assistantId }), mine);
  t.deepEqual(await assistants.find({ userId: bob, assistantId: mine.assistantId, ownerId: alice }), mine);
  t.deepEqual(await assistants.find({ userId: bob, assistantId: ours.assistantId, ownerId: alice }), ours);
  t.like(await assistants.find({ userId: bob, assistantId: modelAssistantId("llama3:8b") }), { model: "llama3:8b" });
  t.like(await assistants.find({ userId: bob, assistantId: "own" }), { name: "AI", model: "", provider: "own" });
});

test("another user's assistant, a removed one and nonsense are not found", async (t) => {
  const { run, assistants } = people();
  const mine = run(alice).run("putAssistant", poet);
  run(bob).run("putAssistant", poet);
  for (const assistantId of ["1", "", "model-", "model-\u0000", `model-${"x".repeat(101)}`, "__proto__", "system"]) {
    await t.throwsAsync(assistants.find({ userId: bob, assistantId }), { message: /no such assistant/ }, assistantId);
  }
  run(alice).run("removeAssistant", { assistantId: mine.assistantId });
  await t.throwsAsync(assistants.find({ userId: alice, assistantId: mine.assistantId }), {
    message: /no such assistant/,
  });
});
