// The client of gateway/client/ against a real server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import test from "ava";
import type { Message } from "../../gateway/client/base/wire.ts";
import { type Client, createClient } from "../../gateway/client/client.ts";
import { eventually } from "../suites/eventually.ts";
import { startTestNode } from "../support/start-node.ts";

const folder = fileURLToPath(new URL("../../gateway/client/", import.meta.url));

test("the example of the README runs as written", async (t) => {
  await using server = await startTestNode();
  const [, example = ""] = /```ts\n(.*?)```/s.exec(readFileSync(`${folder}README.md`, "utf8")) ?? [];
  const url = `http://127.0.0.1:${server.port}`;
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript"];
  const child = spawn(process.execPath, [...flags, "-", url], { cwd: folder });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  child.stdin.end(example);
  t.deepEqual(await once(child, "close"), [0, null], output);
  t.regex(output, /Bob reads: Hello Bob/);
  t.regex(output, /Message 1 is durable\./);
});

test("two devices chat across a restart of the server: every message arrives once, and in order", async (t) => {
  await using server = await startTestNode();
  const url = `http://127.0.0.1:${server.port}`;
  const [alice, phone, desk] = ["alice", "phone", "desk"].map((deviceId) =>
    createClient({
      url,
      deviceId,
      deviceType: deviceId === "phone" ? "iOS" : "PC",
      mode: deviceId === "desk" ? "push" : "pull",
    }),
  ) as [Client, Client, Client];
  const account = { password: "Passw0rd1", verifyCode: "123456" };
  await alice.session.register({ email: "alice@example.test", ...account });
  const { userId } = await desk.session.register({ email: "bob@example.test", ...account });
  await phone.session.login({ account: "bob@example.test", password: account.password });
  const seen: Record<string, unknown[]> = { phone: [], desk: [] };
  const note = (name: string) => (_: unknown, messages: readonly Message[]) =>
    void seen[name]?.push(...messages.map(({ content }) => content));
  phone.on("messages", note("phone"));
  desk.on("messages", note("desk"));
  await Promise.all([alice.connect(), phone.connect(), desk.connect()]);
  const { sessionId } = await alice.api.groups.create({ name: "tea", memberIds: [userId] });
  const texts = Array.from({ length: 20 }, (_, n) => `message ${n}`);
  const sends = texts.slice(0, 10).map((content) => alice.send({ sessionId, contentType: "text", content }));
  const restarted = server.restart();
  sends.push(...texts.slice(10).map((content) => alice.send({ sessionId, contentType: "text", content })));
  await restarted;
  const receipts = await Promise.all(sends);
  t.deepEqual(
    receipts.map(({ seq }) => seq),
    texts.map((_, n) => n + 1),
  );
  await eventually(() => seen.phone?.length === 20 && seen.desk?.length === 20, 15_000);
  t.deepEqual(seen, { phone: texts, desk: texts });
  const last = receipts.at(-1)!;
  await alice.edit(last.messageId, "edited", sessionId);
  await alice.recall(receipts[0]!.messageId, sessionId);
  for (const device of [alice, phone, desk]) {
    await device.sync();
    const held = device.replica.find(sessionId);
    t.is(held?.messages.get(last.seq)?.content, "edited");
    t.is(held?.messages.get(1)?.status, "recalled");
  }
  await Promise.all([alice.close(), phone.close(), desk.close()]);
});

test("a file is uploaded in one request, and in parts across an interruption", async (t) => {
  await using server = await startTestNode();
  const client = createClient({ url: `http://127.0.0.1:${server.port}`, deviceId: "desk", deviceType: "PC" });
  await client.session.register({ email: "carol@example.test", password: "Passw0rd1", verifyCode: "123456" });
  const { files } = client.api;
  const small = await files.upload({
    name: "a.txt",
    type: "chat_file",
    bytes: new Blob(["hello"], { type: "text/plain" }),
  });
  t.like(small, { fileName: "a.txt", size: 5, mimeType: "text/plain", status: "available" });
  const large = { name: "big.bin", type: "chat_file", bytes: new Blob([new Uint8Array(17 * 1_024 * 1_024)]) } as const;
  let uploadId = "";
  const interrupted = files.uploadInParts(large, {
    begun: (id) => {
      uploadId = id;
    },
    progress: () => {
      throw new Error("the page was closed");
    },
  });
  await t.throwsAsync(interrupted, { message: "the page was closed" });
  const sent: number[] = [];
  const file = await files.uploadInParts(large, { uploadId, progress: (bytes) => sent.push(bytes) });
  t.like(file, { size: large.bytes.size, status: "available" });
  t.is(sent.length, 2, "the first part was there");
  t.is((await (await fetch((await files.link(file.fileId)).url)).arrayBuffer()).byteLength, large.bytes.size);
  t.is((await files.list()).total, 2);
  t.is((await files.usage()).usedBytes, 5 + large.bytes.size);
  await files.remove(small.fileId);
  await t.throwsAsync(files.get(small.fileId), { message: /deleted/ });
  await client.close();
});
