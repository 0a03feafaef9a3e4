// What is done with messages in the chat for browsers: replies, edits, recalls, reactions, pins, forwards, search, long histories.
import { closeChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { faultsOf } from "../support/page-checks.ts";
import { startTestNode } from "../support/start-node.ts";
import { hasStatus, messageOf, openFriends, openMenu, textsShown, type WebUser, write } from "../support/web-user.ts";

const test = needs("chromium");
test.after.always(closeChromium);

async function act(user: WebUser, text: string, testId: string): Promise<void> {
  await openMenu(messageOf(user, text).first());
  await user.of(testId).click();
}

test("the text of a message is copied to the clipboard", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice } = await openFriends(node, { alice: { permissions: ["clipboard-read", "clipboard-write"] } });
  await alice.of("friend-item").click();
  await write(alice, "The key is under the mat");
  await hasStatus(alice, "under the mat", "delivered");
  await openMenu(messageOf(alice, "under the mat").first());
  await alice.page.getByRole("menuitem", { name: "Copy", exact: true }).click();
  t.is(await alice.page.evaluate("navigator.clipboard.readText()"), "The key is under the mat");
});

test("a message is answered, edited, reacted to, pinned, forwarded and recalled, and both see it at once", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);
  await alice.of("friend-item").click();
  await bob.of("friend-item").click();

  await write(alice, "Lunch at noon?");
  await act(bob, "Lunch at noon?", "act-reply");
  await write(bob, "Gladly");
  const quote = messageOf(alice, "Gladly").getByTestId("quote");
  t.regex(await quote.innerText(), /You\s+Lunch at noon\?/);
  await act(alice, "Lunch at noon?", "act-edit");
  await write(alice, "Lunch at one?");
  await messageOf(bob, "Lunch at one?").getByText("edited").first().waitFor();

  await openMenu(messageOf(bob, "Lunch at one?").first());
  await bob.page.getByRole("menuitem", { name: "React with 👍" }).click();
  const reaction = messageOf(alice, "Lunch at one?").first().getByTestId("reaction");
  await reaction.waitFor();
  t.is(await reaction.getAttribute("aria-pressed"), "false");
  await reaction.click();
  await messageOf(bob, "Lunch at one?").first().getByTestId("reaction").filter({ hasText: "2" }).waitFor();

  await act(alice, "Lunch at one?", "act-pin");
  await bob.of("pins").getByText("Lunch at one?").waitFor();
  t.deepEqual([await faultsOf(alice.page), await faultsOf(bob.page)], [[], []]);
  await act(alice, "Gladly", "act-forward");
  await alice.of("forward-target").filter({ hasText: "Bob" }).click();
  await alice.page.getByRole("dialog").getByRole("button", { name: "Send" }).click();
  await messageOf(bob, "Forwarded from Bob").waitFor();

  await act(alice, "Lunch at one?", "act-recall");
  await bob.page.getByText("Alice recalled a message").waitFor();
  await bob.of("pins").waitFor({ state: "detached" });
  await bob.page.getByText("The message is gone").waitFor();
  t.deepEqual([alice.problems, bob.problems], [[], []]);
});

test("a long history is loaded by scrolling and stays in place; a found message is shown among its neighbours", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);
  await alice.of("friend-item").click();
  await write(alice, "the very first needle");
  for (let n = 1; n <= 150; n += 1) await write(alice, `line ${n}.`); // the time of day stands behind it
  await hasStatus(alice, "line 150.", "delivered");

  await bob.of("nav-chats").click();
  await bob.of("chat-item").click();
  await messageOf(bob, "line 150.").waitFor();
  t.is(await messageOf(bob, "the very first needle").count(), 0);
  const messages = bob.page.getByRole("log");
  await messages.hover();
  const first = messageOf(bob, "the very first needle");
  for (let tries = 0; tries < 60 && (await first.count()) === 0; tries += 1) {
    await bob.page.mouse.wheel(0, -900);
    await bob.page.waitForTimeout(60);
  }
  await first.waitFor({ state: "attached" });
  await bob.page.getByText("New messages").waitFor({ state: "attached" });
  const texts = await textsShown(bob);
  t.deepEqual(texts.slice(0, 3), ["the very first needle", "line 1.", "line 2."]);
  t.is(new Set(texts).size, texts.length, "no message is shown twice");
  await bob.page.getByRole("button", { name: "To the newest message" }).click();
  await messageOf(bob, "line 150.").waitFor();

  await bob.page.reload();
  await messageOf(bob, "line 150.").waitFor();
  t.is(await messageOf(bob, "the very first needle").count(), 0);
  await bob.page.getByRole("textbox", { name: "Search chats" }).fill("needle");
  await bob.of("found-message").click();
  await messageOf(bob, "the very first needle").waitFor();
  t.true(await messageOf(bob, "the very first needle").isVisible());
  t.deepEqual(bob.problems, []);
});
