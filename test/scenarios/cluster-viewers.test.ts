// A thousand members of a group see the answer of its model, at three gateways: a piece of it costs what a message costs.
import { randomBytes } from "node:crypto";
import { callRest, connectUser, createGroup, inParallel, registerUsers } from "../bench/load/people.ts";
import { eventually } from "../suites/eventually.ts";
import { startTestCluster } from "../support/cluster-people.ts";
import { done, finish, role, text } from "../support/llm/openai-bytes.ts";
import { startScriptedUpstream } from "../support/llm/scripted-upstream.ts";
import { needs } from "../support/needs.ts";

const test = needs("cassandra", "nats", "redis");
const viewers = 1_000;
const pieces = Array.from({ length: 40 }, (_, n) => `piece-${n} `);
const patienceMs = 60_000;

test("each of a thousand viewers gets every piece, which is encoded and published as often as a message is", async (t) => {
  const upstream = await startScriptedUpstream();
  t.teardown(() => upstream.close());
  const cluster = await startTestCluster({
    hosts: { one: ["actors", "gateway"], two: ["gateway"], three: ["gateway"] },
    env: { OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: "system-key-1" },
    // The viewers acknowledge nothing.
    limits: { resendAfterMs: [120_000], maxUnacked: 100_000 },
  });
  t.teardown(() => cluster.close());
  const ports = ["one", "two", "three"].map((name) => cluster.host(name).port);
  const place = { ports, run: randomBytes(4).toString("hex") };
  const users = await registerUsers(place, viewers);
  const group = await createGroup(place, users);
  const [owner] = users;
  const ask = <T>(path: string, body: object) => callRest<T>(ports[0]!, "POST", path, owner!.token, body);
  await ask(`/groups/${group.slice(2)}/assistants`, { assistantId: "model-up-model-1" });
  const sockets = await inParallel(users, 16, (user, i) => connectUser(place, user, "&sync=client", i));
  const seen = new Map<string, number>();
  for (const socket of sockets) {
    socket.onFrame = (frame) => {
      const kind = kindOf(frame);
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    };
  }
  const publishedBy = async (work: () => Promise<void>) => {
    const before = await messagesIn(cluster.nats.monitorUrls[0]!);
    await work();
    return (await messagesIn(cluster.nats.monitorUrls[0]!)) - before;
  };

  const encodings = countEncodings();
  t.teardown(encodings.stop);
  const message = { sessionId: group, contentType: "text" };
  const published = await publishedBy(async () => {
    for (const piece of pieces) await ask("/messages", { ...message, content: `message-${piece}` });
    await eventually(() => (seen.get("message") ?? 0) >= pieces.length * (viewers - 1), patienceMs);
  });
  const encoded = encodings.of("message-");

  upstream.next(async (call) => {
    await call.write(role);
    for (const piece of pieces) {
      await call.write(text(piece));
      await call.pause(25);
    }
    await call.write(finish() + done);
    call.end();
  });
  const publishedOfReply = await publishedBy(async () => {
    await ask("/messages", { ...message, content: "Go", mentions: ["model-up-model-1"] });
    await eventually(() => (seen.get("done") ?? 0) >= viewers, patienceMs);
  });
  const encodedOfReply = encodings.of("piece-");
  t.is(seen.get("piece"), pieces.length * viewers);
  t.is(seen.get("reset") ?? 0, 0);
  t.log(`${pieces.length} messages: ${published} published, ${encoded} encoded`);
  t.log(`${pieces.length} pieces: ${publishedOfReply} published, ${encodedOfReply} encoded, to ${viewers} viewers`);
  t.true(publishedOfReply <= published + 100, "a piece is published no more often than a message");
  t.true(encodedOfReply <= encoded + 100, "a piece is encoded no more often than a message");
});

function kindOf(frame: Buffer): string {
  if (frame.includes('"REPLY_CHUNK"')) return "piece";
  if (frame.includes('"REPLY_DONE"')) return "done";
  if (frame.includes('"REPLY_RESET"')) return "reset";
  return frame.includes('"NEW_MESSAGE"') && frame.includes("message-piece") ? "message" : "other";
}

/** What clients of the server have sent it. */
async function messagesIn(monitorUrl: string): Promise<number> {
  const answer = await fetch(`${monitorUrl}/varz`);
  return ((await answer.json()) as { in_msgs: number }).in_msgs;
}

/** All hosts run in this process: every text that they make of an object passes here. */
function countEncodings() {
  const { stringify } = JSON;
  const texts: string[] = [];
  JSON.stringify = ((...args: Parameters<typeof stringify>) => {
    const made = stringify(...args);
    if (made?.includes("piece-")) texts.push(made);
    return made;
  }) as typeof stringify;
  return {
    of: (mark: string) => texts.splice(0).filter((made) => made.includes(mark)).length,
    stop: () => {
      JSON.stringify = stringify;
    },
  };
}
