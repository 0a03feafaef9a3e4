// Calls in the chat for browsers, over a real LiveKit, with a camera and a microphone that the browser makes up.

import { RoomServiceClient, TrackSource } from "livekit-server-sdk";
import { eventually } from "../suites/eventually.ts";
import { closeChromium } from "../support/chromium.ts";
import { needs } from "../support/needs.ts";
import { faultsOf } from "../support/page-checks.ts";
import { freePort, startServer } from "../support/server-process.ts";
import { startLiveKit, useTemporal } from "../support/stack.ts";
import { createTestFolder } from "../support/temp-folder.ts";
import { openFriends } from "../support/web-user.ts";

const test = needs("chromium", "temporal", "livekit");
test.after.always(closeChromium);

const permissions = ["camera", "microphone"];

test("two people see and hear each other in a call, and either ends it; a call that is declined says so", async (t) => {
  const port = await freePort();
  const { address } = await useTemporal();
  const livekit = await startLiveKit({ webhookUrl: `http://127.0.0.1:${port}/api/v1/livekit/webhook` });
  t.teardown(() => livekit.close());
  const { url: LIVEKIT_URL, apiKey: LIVEKIT_API_KEY, apiSecret: LIVEKIT_API_SECRET } = livekit;
  const env = { TEMPORAL_ADDRESS: address, LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET };
  const server = await startServer({ dataDir: createTestFolder(t, "web-calls"), port, env });
  t.teardown(() => server.kill9());
  const isReady = async () => {
    const { parts } = (await (await fetch(`http://127.0.0.1:${port}/ready`)).json()) as {
      parts: Record<string, { ok: boolean }>;
    };
    return parts.workflows?.ok === true && parts.livekit?.ok === true;
  };
  await eventually(isReady, 120_000);
  const { alice, bob } = await openFriends({ port }, { alice: { permissions }, bob: { permissions } });
  await alice.of("friend-item").click();

  await alice.of("call-video").click();
  await bob.of("call-accept").waitFor();
  t.deepEqual(await faultsOf(bob.page), []);
  await bob.of("call-accept").click();
  for (const { page, of } of [alice, bob]) {
    await of("call-state").and(page.locator('[data-state="talking"]')).waitFor();
    await of("call-film").waitFor();
    const isMoving = () => page.evaluate(`(document.querySelector(".call-film")?.currentTime ?? 0) > 0.3`);
    await eventually(async () => (await isMoving()) === true, 60_000);
  }
  const rooms = new RoomServiceClient(LIVEKIT_URL.replace(/^ws/, "http"), LIVEKIT_API_KEY, LIVEKIT_API_SECRET);
  const isOneMuted = async () => {
    const [room] = await rooms.listRooms();
    const tracks = (await rooms.listParticipants(room!.name)).flatMap((person) => person.tracks);
    return tracks.filter(({ source, muted }) => source === TrackSource.MICROPHONE && muted).length === 1;
  };
  await alice.page.getByRole("button", { name: "Turn the microphone off" }).click();
  await eventually(isOneMuted);
  await alice.page.getByRole("button", { name: "Turn the camera off" }).click();
  await bob.of("call-film").waitFor({ state: "detached" });

  await bob.of("call-end").click();
  await alice.of("call").waitFor({ state: "detached" });
  await bob.of("call").waitFor({ state: "detached" });

  await alice.of("call-audio").click();
  await alice.of("call-state").and(alice.page.locator('[data-state="outgoing"]')).waitFor();
  await bob.of("call-reject").click();
  await alice.page.getByText("The call was declined.").waitFor();
  await alice.of("call").waitFor({ state: "detached" });
  t.deepEqual([alice.problems, bob.problems], [[], []]);
});
