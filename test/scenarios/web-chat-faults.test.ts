// The chat for browsers when the server dies, when the network is away, and when the page is reloaded meanwhile.
import { closeChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { freePort, startServer } from "../support/server-process.ts";
import { startTestNode } from "../support/start-node.ts";
import { createTestFolder } from "../support/temp-folder.ts";
import { hasStatus, messageOf, openFriends, openMenu, textsShown, write } from "../support/web-user.ts";

const test = needs("chromium");
test.after.always(closeChromium);

const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true } as const;

test("two people go on chatting through a server that is killed and started again", async (t) => {
  const dataDir = createTestFolder(t, "web-killed");
  const port = await freePort();
  let server = await startServer({ dataDir, port });
  t.teardown(() => server.kill9());
  const { alice, bob } = await openFriends({ port }, { bob: phone });
  await alice.of("friend-item").click();
  await bob.of("friend-item").click();
  await write(alice, "before");
  await hasStatus(alice, "before", "read");

  await server.kill9();
  await alice.page.locator('[data-testid="connection"]:not([data-state="online"])').waitFor();
  await write(alice, "while it is away");
  await hasStatus(alice, "while it is away", "sending");
  await write(bob, "I write, too");
  await hasStatus(bob, "I write, too", "sending");
  server = await startServer({ dataDir, port });
  await hasStatus(alice, "while it is away", "read");
  await hasStatus(bob, "I write, too", "read");
  await write(bob, "after");
  await messageOf(alice, "after").waitFor();
  for (const user of [alice, bob]) {
    const texts = await textsShown(user);
    t.deepEqual(texts.toSorted(), ["I write, too", "after", "before", "while it is away"]);
  }
});

test("what is written without a connection outlives a reload, and is sent once", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);
  await alice.of("friend-item").click();
  await bob.of("friend-item").click();
  await write(alice, "one");
  await messageOf(bob, "one").waitFor();

  let isCut = true;
  await alice.page.routeWebSocket(/\/ws\?/, (socket) => {
    if (isCut) void socket.close({ code: 1012 });
    else socket.connectToServer();
  });
  await alice.page.reload();
  await messageOf(alice, "one").waitFor();
  await write(alice, "two");
  await write(alice, "three");
  await hasStatus(alice, "three", "sending");
  await alice.page.reload();
  await hasStatus(alice, "two", "sending");
  t.is(await messageOf(bob, "two").count(), 0);
  isCut = false;
  await hasStatus(alice, "three", "read");
  const texts = await textsShown(bob);
  t.deepEqual(texts, ["one", "two", "three"]);
  t.deepEqual(await textsShown(alice), texts);
});

test("a message that the server refuses is shown as failed with the reason, and is sent again on demand", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);
  await alice.of("friend-item").click();
  await write(alice, "hello");
  await hasStatus(alice, "hello", "delivered");
  await bob.page.getByRole("button", { name: "More about Alice" }).click();
  await bob.page.getByRole("menuitem", { name: "Block" }).click();
  await bob.page.getByRole("dialog").getByRole("button", { name: "Block" }).click();
  await bob.page.getByText("Blocked", { exact: true }).waitFor();

  await write(alice, "are you there?");
  await hasStatus(alice, "are you there?", "failed");
  await alice.page.getByRole("alert").waitFor();
  await alice.page.reload();
  await hasStatus(alice, "are you there?", "failed");
  await bob.page.getByRole("button", { name: "Unblock" }).click();
  await bob.of("friend-item").waitFor();
  await openMenu(messageOf(alice, "are you there?"));
  await alice.of("act-retry").click();
  await hasStatus(alice, "are you there?", "delivered");
});
