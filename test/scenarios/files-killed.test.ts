// kill -9 of the real server at the steps of an upload: it ends, or what came of it is removed.
import { rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { FileClient, sha256Of } from "../support/file-client.ts";
import { storedObjects } from "../support/image-client.ts";
import { Person } from "../support/person.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { freePort, type ServerProcess, startServer } from "../support/server-process.ts";
import { createTempFolder } from "../support/temp-folder.ts";

interface Begun {
  uploadId: string;
  chunkSize: number;
  totalChunks: number;
}
const kills = 4;

test("an upload in parts ends with its bytes, whenever the server is killed", async (t) => {
  const random = createSeededRandom(5);
  const dataDir = createTempFolder("files-killed");
  const port = await freePort();
  let server: ServerProcess = await startServer({ dataDir, port });
  const alice = new FileClient({ port }, await Person.registers({ port }, "alice"));
  const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, n) => n % 251));
  const whole = Buffer.concat(Array.from({ length: 20 }, () => bytes));
  const { data: begun } = await alice.person.posts<Begun & Record<string, never>>("/files/upload/init", {
    ...{ fileName: "big.bin", fileSize: whole.length, type: "chat_file", sha256: sha256Of(whole) },
  });
  /** The server is killed during the work and started again; then the work is repeated until it is done. */
  const despite = async <T>(work: () => Promise<T>, isDone: (answer: T) => boolean): Promise<T> => {
    const first = work().catch(() => undefined);
    await pause(random.below(120));
    await server.kill9();
    await first;
    server = await startServer({ dataDir, port });
    let answer: T | undefined;
    await eventually(async () => {
      answer = await work().catch(() => undefined);
      return answer !== undefined && isDone(answer);
    }, 60_000);
    return answer as T;
  };
  const { uploadId, chunkSize, totalChunks } = begun;
  for (let index = 0; index < totalChunks; index += 1) {
    const send = () =>
      alice.sendsForm(
        "/files/upload/part",
        { uploadId, chunkIndex: String(index) },
        { bytes: whole.subarray(index * chunkSize, (index + 1) * chunkSize) },
      );
    if (index < kills - 1) await despite(send, ({ status }) => status === 200);
    else t.is((await send()).status, 200);
  }
  const complete = () => alice.person.posts<Record<string, unknown>>("/files/upload/complete", { uploadId });
  const { data } = await despite(complete, ({ status, data }) => status === 200 && data.status === "available");
  t.is(data.sha256, sha256Of(whole));
  t.true((await alice.bytesOf(String(data.url))).equals(whole));
  await eventually(() => storedObjects(dataDir).length === 1, 30_000);
  await alice.person.deletes(`/files/${data.fileId}`);
  await server.kill9();
  server = await startServer({ dataDir, port });
  await eventually(() => storedObjects(dataDir).length === 0, 30_000);
  t.is((await alice.person.gets<{ usedBytes: number }>("/files/usage")).data.usedBytes, 0);
  await server.kill9();
  rmSync(dataDir, { recursive: true, force: true });
});

test("what a killed server has left of an upload that nobody goes on with is removed", async (t) => {
  const dataDir = createTempFolder("files-left");
  const port = await freePort();
  const env = { UPLOAD_EXPIRE_MS: "3000" };
  let server = await startServer({ dataDir, port, env });
  const alice = new FileClient({ port }, await Person.registers({ port }, "alice"));
  const bytes = Buffer.alloc(300_000, 7);
  const { data: begun } = await alice.person.posts<Begun & Record<string, never>>("/files/upload/init", {
    ...{ fileName: "big.bin", fileSize: bytes.length, type: "chat_file" },
  });
  const fields = { uploadId: begun.uploadId, chunkIndex: "0" };
  t.is((await alice.sendsForm("/files/upload/part", fields, { bytes })).status, 200);
  t.is(storedObjects(dataDir).length, 1);
  await server.kill9();
  server = await startServer({ dataDir, port, env });
  await eventually(() => storedObjects(dataDir).length === 0, 60_000);
  await eventually(async () => {
    const { data } = await alice.person.gets<{ usedBytes: number }>("/files/usage");
    return data.usedBytes === 0;
  }, 30_000);
  await server.kill9();
  rmSync(dataDir, { recursive: true, force: true });
});
