// The settings that clients ask for before anybody has logged in.
import test from "ava";
import { changeClientConfig, readClientConfig } from "../../gateway/surfaces/nextchat/client-config.ts";
import { startTestNode } from "../support/start-node.ts";

const defaults = {
  needCode: false,
  hideUserApiKey: false,
  disableGPT4: false,
  hideBalanceQuery: true,
  disableFastLink: false,
  customModels: "",
  defaultModel: "",
  visionModels: "",
};

test("the settings have every field that NextChat's pages read, and what an administrator set", async (t) => {
  await using node = await startTestNode();
  const asking = { edge: { actors: node.node.actors }, call: {} };
  t.deepEqual(await readClientConfig(asking), defaults);
  const set = { needCode: true, defaultModel: "gpt-5", theme: { colour: "red" } };
  t.deepEqual(await changeClientConfig(asking, set), { ...defaults, ...set });
  t.deepEqual(await changeClientConfig(asking, { needCode: null, theme: null }), {
    ...defaults,
    defaultModel: "gpt-5",
  });
  await node.restart();
  const later = { edge: { actors: node.node.actors }, call: {} };
  t.deepEqual(await readClientConfig(later), { ...defaults, defaultModel: "gpt-5" });
});

test("a setting of a wrong type changes nothing", async (t) => {
  await using node = await startTestNode();
  const asking = { edge: { actors: node.node.actors }, call: {} };
  for (const body of [null, "x", [], { needCode: "yes" }, { customModels: 5, theme: "dark" }, { "": 1 }]) {
    await t.throwsAsync(changeClientConfig(asking, body), { message: /missing or wrong/ }, JSON.stringify(body));
  }
  t.deepEqual(await readClientConfig(asking), defaults);
});
