// Pictures, files and voice messages in the chat for browsers.
import { readFile } from "node:fs/promises";
import { closeChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { faultsOf } from "../support/page-checks.ts";
import { fourColours } from "../support/pictures.ts";
import { startTestNode } from "../support/start-node.ts";
import { openFriends } from "../support/web-user.ts";

const test = needs("chromium");
test.after.always(closeChromium);

test("a picture is sent, shown in the place that waited for it, opened large, and a file is saved as it was", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node);
  await alice.of("friend-item").click();
  await bob.of("friend-item").click();
  const picture = await fourColours(900, 600).png().toBuffer();
  await alice.of("attach").setInputFiles({ name: "sea.png", mimeType: "image/png", buffer: picture });
  await bob.of("message-image").waitFor();
  await alice.of("message").and(alice.page.locator('[data-status="read"]')).getByTestId("message-image").waitFor();
  const box = await bob.of("message-image").boundingBox();
  t.deepEqual([Math.round(box?.width ?? 0), Math.floor(box?.height ?? 0)], [320, 213]);
  await bob.of("message-image").click();
  await bob.of("image-viewer").getByRole("img").waitFor();
  const widths = await bob.page.evaluate(`document.querySelector(".viewer img").naturalWidth`);
  t.is(widths, 900);
  t.deepEqual(await faultsOf(bob.page), []);
  await bob.page.keyboard.press("Escape");
  await bob.of("image-viewer").waitFor({ state: "detached" });

  const text = Buffer.from("minutes of the meeting");
  await alice.of("attach").setInputFiles({ name: "minutes.txt", mimeType: "text/plain", buffer: text });
  const [download] = await Promise.all([bob.page.waitForEvent("download"), bob.of("message-file").click()]);
  t.is(download.suggestedFilename(), "minutes.txt");
  t.deepEqual(await readFile(await download.path()), text);
  await bob.page.reload();
  await bob.of("message-image").waitFor();
  t.deepEqual([alice.problems, bob.problems], [[], []]);
});

test("a voice message is recorded, sent and played, and one that is dropped is not sent", async (t) => {
  const node = await startTestNode();
  t.teardown(() => node.close());
  const { alice, bob } = await openFriends(node, { alice: { permissions: ["microphone"] } });
  await alice.of("friend-item").click();
  await bob.of("friend-item").click();
  await alice.of("record").click();
  await alice.page.getByRole("button", { name: "Cancel" }).click();
  await alice.of("record").click();
  await alice.page.getByText("0:01", { exact: true }).waitFor();
  await alice.of("record-send").click();
  await bob.of("message-voice").waitFor();
  await alice.of("message").and(alice.page.locator('[data-status="read"]')).waitFor();
  t.is(await bob.of("message").count(), 1);
  await bob.page.getByRole("button", { name: "Play" }).click();
  await bob.page.getByRole("button", { name: "Pause" }).waitFor();
  await bob.page.getByRole("button", { name: "Play" }).waitFor();
  t.deepEqual([alice.problems, bob.problems], [[], []]);
});
