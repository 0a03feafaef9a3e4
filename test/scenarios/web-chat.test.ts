// The chat for browsers, used in a real browser by two people.
import { closeChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { faultsOf } from "../support/page-checks.ts";
import { startTestNode } from "../support/start-node.ts";
import {
  hasStatus,
  logIn,
  messageOf,
  openChat,
  openFriends,
  openTab,
  register,
  textsShown,
  write,
} from "../support/web-user.ts";

const test = needs("chromium");
test.after.always(closeChromium);

test("two people register, become friends and write to each other, and each sees what the other has read", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);

  await alice.of("friend-item").click();
  await write(alice, "Hello Bob");
  await hasStatus(alice, "Hello Bob", "delivered");
  await bob.of("nav-chats").click();
  const item = bob.of("chat-item").filter({ hasText: "Alice" });
  await item.getByTestId("unread-badge").filter({ hasText: "1" }).waitFor();
  await item.click();
  await messageOf(bob, "Hello Bob").waitFor();
  t.is(await messageOf(bob, "Hello Bob").getAttribute("data-mine"), "false");
  await hasStatus(alice, "Hello Bob", "read");
  await item.getByTestId("unread-badge").waitFor({ state: "detached" });

  await bob.of("composer").pressSequentially("Hi");
  await alice.of("typing").waitFor();
  await bob.page.keyboard.press("Shift+Enter");
  await bob.of("composer").pressSequentially("Alice");
  await bob.page.keyboard.press("Enter");
  await messageOf(alice, "Alice").waitFor();
  t.is(await messageOf(alice, "Hi").locator(".text").innerText(), "Hi\nAlice");
  await alice.of("typing").waitFor({ state: "detached" });
  t.deepEqual([await faultsOf(alice.page), await faultsOf(bob.page)], [[], []]);
  t.deepEqual([alice.problems, bob.problems], [[], []]);
});

test("who answers has read everything before the answer", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);
  await alice.of("friend-item").click();
  for (const text of ["One", "Two", "Three"]) await write(alice, text);
  await bob.of("nav-chats").click();
  await bob.of("chat-item").click();
  await write(bob, "Four");
  await messageOf(alice, "Four").waitFor();
  for (const text of ["One", "Two", "Three"]) await hasStatus(alice, text, "read");
  t.deepEqual([alice.problems, bob.problems], [[], []]);
});

test("two tabs of a browser share the login and the connection, and one goes on when the other is closed", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);
  await alice.of("friend-item").click();
  const other = await openTab(alice);
  await other.of("chat-item").click();
  await write(alice, "from the first tab");
  await hasStatus(other, "from the first tab", "delivered");
  await write(other, "from the second tab");
  await messageOf(alice, "from the second tab").waitFor();
  t.is(await alice.page.locator('[data-testid="connection"][data-state="online"]').count(), 1);

  await alice.page.close();
  await bob.of("nav-chats").click();
  await bob.of("chat-item").click();
  await write(bob, "do you still read this?");
  await messageOf(other, "do you still read this?").waitFor();
  await write(other, "I do");
  await messageOf(bob, "I do").waitFor();
  const texts = await textsShown(other);
  t.deepEqual(texts, ["from the first tab", "from the second tab", "do you still read this?", "I do"]);
  await other.of("nav-settings").click();
  await other.of("logout").click();
  await other.of("go-register").waitFor();
  t.deepEqual([other.problems, bob.problems], [[], []]);
});

test("a login outlives a reload, a wrong password is said, and a log-out ends it", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const carol = await openChat(node, "Carol");
  t.is(await carol.page.getByRole("heading", { level: 1 }).innerText(), "Welcome back");
  t.deepEqual(await faultsOf(carol.page), []);
  await register(carol);
  await carol.page.reload();
  await carol.of("app").waitFor();
  await carol.of("nav-settings").click();
  await carol.of("logout").click();
  await logIn(carol, "wrong-Passw0rd");
  await carol.page.getByRole("alert").waitFor();
  await logIn(carol);
  await carol.of("app").waitFor();
  t.deepEqual(carol.problems, []);
});
