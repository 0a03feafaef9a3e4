// Groups and models in the chat for browsers.
import { closeChromium } from "../support/chromium.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { heldAfter, stream } from "../support/llm/openai-bytes.ts";
import { needs } from "../support/needs.ts";
import { faultsOf } from "../support/page-checks.ts";
import { startTestNode } from "../support/start-node.ts";
import { hasStatus, messageOf, openChat, openFriends, openMenu, register, write } from "../support/web-user.ts";

const test = needs("chromium");
test.after.always(closeChromium);

test("a group is made of friends, and its owner names it, mutes it and dissolves it", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);
  await alice.of("nav-chats").click();
  await alice.page.getByRole("button", { name: "New conversation" }).click();
  await alice.page.getByRole("menuitem", { name: "New group" }).click();
  await alice.of("group-name").fill("Tea");
  await alice.of("pick-friend").filter({ hasText: "Bob" }).click();
  t.deepEqual(await faultsOf(alice.page), []);
  await alice.page.getByRole("button", { name: "Create group" }).click();
  await write(alice, "Who wants tea?");
  await bob.of("nav-chats").click();
  await bob.of("chat-item").filter({ hasText: "Tea" }).click();
  await messageOf(bob, "Who wants tea?").waitFor();
  await hasStatus(alice, "Who wants tea?", "read");

  await alice.page.getByRole("button", { name: "Tea", exact: true }).click();
  await alice.page.getByRole("dialog").getByText("2 members").waitFor();
  t.deepEqual(await faultsOf(alice.page), []);
  await alice.page.getByRole("switch", { name: "Only admins may write" }).click();
  await alice.page.locator('[role="switch"][aria-checked="true"]').first().waitFor();
  await write(bob, "Me");
  await bob.of("message").and(bob.page.locator('[data-status="failed"]')).waitFor();
  await alice.page.getByRole("button", { name: "Rename" }).click();
  await alice.page.getByLabel("Name of the group").fill("Coffee");
  await alice.page.getByRole("button", { name: "Save" }).click();
  await bob.page.getByRole("heading", { name: "Coffee" }).waitFor();
  await alice.page.getByRole("dialog").getByRole("button", { name: "Dissolve group" }).click();
  await alice.page.getByRole("dialog").getByRole("button", { name: "Dissolve group" }).click();
  await bob.of("chat-item").filter({ hasText: "Coffee" }).waitFor({ state: "detached" });
  t.deepEqual([alice.problems, bob.problems], [[], []]);
});

test("a model answers while one reads, is stopped, and answers again", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const ann = await openChat(node, "Ann");
  await register(ann);
  await ann.page.getByRole("button", { name: "New conversation" }).click();
  await ann.page.getByRole("menuitem", { name: "Talk to a model" }).click();
  await ann.of("model-item").first().click();
  const answer = ["Use a **map**:\n", "```ts\nconst a = new Map();\n```"];
  node.upstream.next(stream(answer), stream(["Counting words"]));
  await write(ann, "How do I count words?");
  await ann.page.locator(".code-block").waitFor();
  t.is(await ann.page.locator(".markdown strong").innerText(), "map");
  t.is(await ann.page.locator(".code-block code").innerText(), "const a = new Map();");
  await ann.of("reply").waitFor({ state: "detached" });
  await ann.of("chat-item").filter({ hasText: "Counting words" }).waitFor();

  node.upstream.next(heldAfter(["This goes on and"]).script);
  await write(ann, "Longer");
  await ann.of("reply").filter({ hasText: "This goes on and" }).waitFor();
  await ann.of("stop").click();
  const stopped = messageOf(ann, "Stopped");
  await stopped.waitFor();
  node.upstream.next(stream(["Short."]));
  await openMenu(stopped);
  await ann.of("act-regenerate").click();
  await messageOf(ann, "Short.").waitFor();
  await stopped.waitFor({ state: "detached" });
  t.deepEqual(await faultsOf(ann.page), []);
  t.deepEqual(ann.problems, []);
});
