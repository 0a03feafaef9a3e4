// Uploads in parts, uploads by a proof, and uploads at a signed address.
import { createHash } from "node:crypto";
import test from "ava";
import { eventually } from "../suites/eventually.ts";
import { FileClient, md5Of, sha256Of } from "../support/file-client.ts";
import { storedObjects } from "../support/image-client.ts";
import { Person } from "../support/person.ts";
import { fourColours } from "../support/pictures.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

interface Begun {
  uploadId: string;
  chunkSize: number;
  totalChunks: number;
  proof?: { nonce: string };
}
const mib = 1_024 * 1_024;

async function client(node: TestNode, name: string): Promise<FileClient> {
  return new FileClient(node, await Person.registers(node, name));
}
function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 4_096) bytes.writeUInt32LE((at * 2_654_435_761 + seed) >>> 0, at);
  return bytes;
}
const begin = (who: FileClient, bytes: Buffer, more: object = {}) =>
  who.person.posts<Begun & Record<string, never>>("/files/upload/init", {
    ...{ fileName: "talk.bin", fileSize: bytes.length, mimeType: "application/x-talk", type: "chat_file" },
    ...more,
  });
function part(bytes: Buffer, { chunkSize }: Begun, index: number): Buffer {
  return bytes.subarray(index * chunkSize, (index + 1) * chunkSize);
}
const sends = (who: FileClient, begun: Begun, index: number, bytes: Buffer, more: Record<string, string> = {}) =>
  who.sendsForm<{ chunkIndex: number; uploaded: boolean }>(
    "/files/upload/part",
    { uploadId: begun.uploadId, chunkIndex: String(index), ...more },
    { bytes },
  );
const completes = (who: FileClient, uploadId: string) =>
  who.person.posts<Record<string, unknown>>("/files/upload/complete", { uploadId });
const proofOf = (nonce: string, bytes: Buffer) =>
  createHash("sha256").update(Buffer.from(nonce, "hex")).update(bytes).digest("hex");

test("parts come in any order and twice, survive a restart, and become the file", async (t) => {
  await using node = await startTestNode();
  const alice = await client(node, "alice");
  const bytes = noise(17 * mib);
  const { data: begun } = await begin(alice, bytes, { sha256: sha256Of(bytes), md5: md5Of(bytes).toUpperCase() });
  t.is(begun.totalChunks, Math.ceil(bytes.length / begun.chunkSize));
  t.deepEqual((await sends(alice, begun, 2, part(bytes, begun, 2))).data, { chunkIndex: 2, uploaded: true });
  t.is((await sends(alice, begun, 0, part(bytes, begun, 0), { md5: md5Of(part(bytes, begun, 0)) })).status, 200);
  await node.restart();
  const behind = { uploadId: begun.uploadId, chunkIndex: "2" };
  const again = { bytes: part(bytes, begun, 2), order: "after" } as const;
  t.is((await alice.sendsForm("/files/upload/part", behind, again)).status, 200, "its place stands behind the bytes");
  const early = await completes(alice, begun.uploadId);
  t.like(early, { status: 400, code: 70109, data: { missing: [1] } });
  const known = await alice.person.gets(`/files/uploads/${begun.uploadId}`);
  t.like(known.data, { fileName: "talk.bin", fileSize: bytes.length, uploadedChunks: [0, 2], totalChunks: 3 });
  t.is((await sends(alice, begun, 1, part(bytes, begun, 1))).status, 200);
  const done = await completes(alice, begun.uploadId);
  t.is(done.status, 200, done.message);
  t.like(done.data, { size: bytes.length, sha256: sha256Of(bytes), md5: md5Of(bytes), status: "available" });
  t.true((await alice.bytesOf(String(done.data.url))).equals(bytes));
  t.is((await completes(alice, begun.uploadId)).data.fileId, done.data.fileId, "the same file again");
  await eventually(() => storedObjects(node.dataDir).length === 1, 10_000);
});

test("a part that is wrong is refused and leaves the right one in its place", async (t) => {
  await using node = await startTestNode();
  const [alice, mallory] = [await client(node, "alice"), await client(node, "mallory")];
  const bytes = noise(9 * mib);
  const { data: begun } = await begin(alice, bytes);
  await sends(alice, begun, 1, part(bytes, begun, 1));
  const last = part(bytes, begun, 1);
  const cases: [string, number, () => Promise<{ code: number }>][] = [
    ["too short", 70109, () => sends(alice, begun, 1, last.subarray(1))],
    ["too long", 70109, () => sends(alice, begun, 1, Buffer.concat([last, last]))],
    ["no such index", 70109, () => sends(alice, begun, 2, last)],
    ["a negative index", 1, () => sends(alice, begun, -1, last)],
    ["another digest", 70110, () => sends(alice, begun, 1, last, { md5: md5Of(bytes) })],
    ["somebody else's upload", 70108, () => sends(mallory, begun, 1, last)],
    ["no upload", 70108, () => sends(alice, { ...begun, uploadId: "none" }, 1, last)],
    ["another's completion", 70108, () => completes(mallory, begun.uploadId)],
    ["another's look", 70108, () => mallory.person.gets(`/files/uploads/${begun.uploadId}`)],
    ["another's end", 70108, () => mallory.person.deletes(`/files/uploads/${begun.uploadId}`)],
  ];
  for (const [name, code, send] of cases) t.is((await send()).code, code, name);
  await sends(alice, begun, 0, part(bytes, begun, 0));
  const done = await completes(alice, begun.uploadId);
  t.like(done.data, { sha256: sha256Of(bytes) });
  t.is((await sends(alice, begun, 1, last)).code, 70108, "the upload is over");
});

test("an upload whose bytes are not those that were announced is refused, and one that is given up leaves nothing", async (t) => {
  await using node = await startTestNode({ env: { MAX_USER_STORAGE_BYTES: String(3 * mib) } });
  const alice = await client(node, "alice");
  const bytes = noise(2 * mib);
  const wrong = (await begin(alice, bytes, { sha256: sha256Of(noise(5)) })).data;
  await sends(alice, wrong, 0, bytes);
  t.like(await completes(alice, wrong.uploadId), { status: 400, code: 70110 });
  await eventually(async () => (await begin(alice, bytes)).status === 200);
  const second = await begin(alice, bytes);
  t.like(second, { status: 403, code: 70103 }, "the room is taken when the upload begins");
  const listed = await alice.person.gets<{ files: { fileId: string; status: string }[] }>("/files");
  t.deepEqual(
    listed.data.files.map(({ status }) => status),
    ["uploading"],
  );
  const { fileId } = listed.data.files[0]!;
  await sends(alice, { uploadId: fileId, chunkSize: mib, totalChunks: 1 }, 0, bytes);
  t.is((await alice.person.deletes(`/files/uploads/${fileId}`)).status, 200);
  t.is((await alice.person.gets(`/files/uploads/${fileId}`)).code, 70108);
  await eventually(() => storedObjects(node.dataDir).length === 0, 10_000);
  t.is((await alice.person.gets<{ usedBytes: number }>("/files/usage")).data.usedBytes, 0);
});

test("whoever has the bytes of a known file proves it instead of sending them, and its digest alone gives nothing", async (t) => {
  await using node = await startTestNode();
  const [alice, bob, mallory] = [await client(node, "alice"), await client(node, "bob"), await client(node, "mallory")];
  const bytes = noise(300_000);
  await alice.uploads({ bytes });
  const announced = { sha256: sha256Of(bytes) };
  const prove = (who: FileClient, uploadId: string, proof: string) =>
    who.person.posts<Record<string, unknown>>("/files/upload/prove", { uploadId, proof });
  const { data: his } = await begin(bob, bytes, announced);
  const made = await prove(bob, his.uploadId, proofOf(his.proof!.nonce, bytes));
  t.is(made.status, 200, made.message);
  t.like(made.data, { size: bytes.length, sha256: sha256Of(bytes), status: "available" });
  t.true((await bob.bytesOf(String(made.data.url))).equals(bytes));

  const { data: theirs } = await begin(mallory, bytes, announced);
  t.not(theirs.proof!.nonce, his.proof!.nonce);
  t.like(await prove(bob, theirs.uploadId, proofOf(theirs.proof!.nonce, bytes)), { code: 70108 });
  t.like(await prove(mallory, theirs.uploadId, proofOf(his.proof!.nonce, bytes)), { status: 400, code: 70110 });
  t.like(await prove(mallory, theirs.uploadId, proofOf(theirs.proof!.nonce, bytes)), { code: 70110 }, "one try alone");
  await sends(mallory, theirs, 0, bytes);
  t.is((await completes(mallory, theirs.uploadId)).status, 200, "parts go on");
  const unknown = noise(1_000, 9);
  const { data: new_ } = await begin(bob, unknown, { sha256: sha256Of(unknown) });
  t.regex(new_.proof!.nonce, /^[0-9a-f]{64}$/, "unknown bytes look no different");
  t.like(await prove(bob, new_.uploadId, proofOf(new_.proof!.nonce, unknown)), { code: 70110 });
  t.is((await begin(bob, unknown)).data.proof, undefined);
});

test("a file is announced, put at a signed address, and completed", async (t) => {
  await using node = await startTestNode();
  const [alice, bob] = [await client(node, "alice"), await client(node, "bob")];
  const bytes = await fourColours(80, 40).png().toBuffer();
  const announce = () =>
    alice.person.posts<Record<string, string>>("/files/upload-token", {
      ...{ fileName: "four.png", fileSize: bytes.length, mimeType: "image/png", fileType: "image", expiresHours: 2 },
    });
  const { data } = await announce();
  t.like(data, { expires_in: 7_200, fileId: data.file_id, uploadUrl: data.upload_url });
  const put = async (url: string, body: Uint8Array) => {
    const answer = await fetch(url, { method: "PUT", body: body as Uint8Array<ArrayBuffer> });
    return { status: answer.status, ...((await answer.json()) as { code: number }) };
  };
  const complete = (who: FileClient) => who.person.posts<Record<string, unknown>>(`/files/${data.fileId}/complete`);
  t.like(await complete(alice), { status: 409, code: 70104 });
  t.like(await put(data.upload_url!, Buffer.concat([bytes, bytes])), { status: 413, code: 70101 });
  t.like(await put(data.upload_url!, bytes.subarray(1)), { code: 70104 });
  t.like(await complete(alice), { status: 409, code: 70104 });
  t.like(await put(`${data.upload_url}A`, bytes), { status: 403, code: 70107 });
  const link = await alice.person.gets<{ url: string }>(`/files/${data.fileId}/url`);
  t.is(link.status, 404, "no bytes, no link");
  t.like(await put(data.upload_url!.split("?")[0]!, bytes), { status: 401 });
  t.is((await put(data.upload_url!, bytes)).status, 200);
  t.is((await complete(bob)).code, 70108);
  const done = await complete(alice);
  t.like(done.data, { fileId: data.fileId, width: 80, height: 40, status: "available", file_type: "image" });
  t.true((await alice.bytesOf(String(done.data.url))).equals(bytes));
  t.is((await put(data.upload_url!, bytes)).code, 70108, "it is over");
  const shown = await alice.person.gets<{ url: string }>(`/files/${data.fileId}/url`);
  t.like(await put(shown.data.url, bytes), { status: 403, code: 70107 }, "an address to read from takes nothing");
});

test("uploads that nobody goes on with are removed, and temporary files expire after a notice", async (t) => {
  const env = { UPLOAD_EXPIRE_MS: "1000", TEMP_FILE_MS: "3000", FILE_EXPIRING_NOTICE_MS: "2000" };
  await using node = await startTestNode({ env });
  const alice = await client(node, "alice");
  const device = await alice.person.connects();
  const bytes = noise(1_000);
  const { data: begun } = await begin(alice, bytes);
  await sends(alice, begun, 0, bytes);
  const { data: temp } = await alice.uploads({ bytes: noise(2_000), type: "temp", name: "soon.bin" });
  const isNotice = (type: string) => (frame: { type: string; data: Record<string, unknown> }) =>
    frame.type === "NOTIFICATION" && frame.data.type === type;
  await eventually(() => device.frames.some(isNotice("file.upload_completed")));
  await eventually(() => device.frames.some(isNotice("file.processing")));
  await eventually(() => device.frames.some(isNotice("file.expiring")), 20_000);
  const { data } = device.frames.find(isNotice("file.expiring"))!;
  t.like(data, { fileId: temp.fileId, fileName: "soon.bin" });
  await eventually(async () => (await alice.person.gets(`/files/${temp.fileId}`)).code === 70106, 20_000);
  await eventually(async () => (await alice.person.gets(`/files/uploads/${begun.uploadId}`)).code === 70108, 20_000);
  await eventually(() => storedObjects(node.dataDir).length === 0, 20_000);
  t.is((await alice.person.gets<{ fileCount: number }>("/files/usage")).data.fileCount, 0);
});
