// Files of the messenger: one upload in one request, and who may read what.
import test from "ava";
import sharp from "sharp";
import { eventually } from "../suites/eventually.ts";
import { startEndlessUpload } from "../support/endless-upload.ts";
import { FileClient, md5Of, sha256Of } from "../support/file-client.ts";
import { storedObjects } from "../support/image-client.ts";
import { Person } from "../support/person.ts";
import { fourColours, pixelBomb, quartersOf, turnedPhoto, uprightQuarters } from "../support/pictures.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

async function clients<const N extends string>(node: TestNode, ...names: N[]): Promise<Record<N, FileClient>> {
  const people = await Promise.all(
    names.map(async (name) => [name, new FileClient(node, await Person.registers(node, name))] as const),
  );
  return Object.fromEntries(people) as Record<N, FileClient>;
}
const text = (words: string) => new TextEncoder().encode(words);

test("a file is uploaded with its type before or behind it, and read back byte for byte", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const bytes = text("the plan");
  for (const order of ["before", "after"] as const) {
    const { status, data } = await alice.uploads({ bytes, order, name: "plan.txt", type: "chat_file" });
    t.is(status, 200, JSON.stringify(data));
    t.like(data, {
      ...{
        fileName: "plan.txt",
        type: "chat_file",
        size: 8,
        mimeType: "text/plain",
        status: "available",
        thumbnail: "",
      },
      ...{ sha256: sha256Of(bytes), md5: md5Of(bytes), file_name: "plan.txt", file_type: "file", file_size: 8 },
    });
    t.is(data.file_id, data.fileId);
    t.deepEqual(await alice.bytesOf(data.url), Buffer.from(bytes));
    t.deepEqual((await alice.person.gets(`/files/${data.fileId}`)).data, data);
    const saved = await alice.reads(`/api/v1/files/${data.fileId}?download=1`);
    t.is(saved.headers.get("content-disposition"), `attachment; filename="plan.txt"; filename*=UTF-8''plan.txt`);
    t.is(saved.headers.get("x-content-type-options"), "nosniff");
    t.is(await saved.text(), "the plan");
  }
  await eventually(() => storedObjects(node.dataDir).length === 1, 10_000); // equal bytes are stored once
  await node.restart();
  const { data } = await alice.person.gets<{ files: { url: string }[]; total: number }>("/files");
  t.is(data.total, 2);
  t.is((await alice.reads(data.files[0]!.url)).status, 200);
});

test("a watermark is seen in the picture", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const plain = await sharp({ create: { width: 400, height: 200, channels: 3, background: "#808080" } })
    .png()
    .toBuffer();
  const coloursOf = async (fields: Record<string, string>) => {
    const { data } = await alice.uploads({ bytes: plain, type: "chat_image", name: "grey.png", fields });
    const { channels } = await sharp(await alice.bytesOf(data.url)).stats();
    return channels[0]!.max - channels[0]!.min;
  };
  t.is(await coloursOf({ convert: "png" }), 0);
  t.true((await coloursOf({ convert: "png", watermark: "Ana 2026" })) > 40);
});

test("a photo is kept byte for byte, shown upright, with a small preview", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const photo = await turnedPhoto(6, 1_400, 700);
  const { data } = await alice.uploads({ bytes: photo, type: "chat_image", name: "a.jpg", mime: "text/html" });
  t.like(data, { mimeType: "image/jpeg", size: photo.length, sha256: sha256Of(photo), status: "available" });
  t.deepEqual(await alice.bytesOf(data.url), photo);
  const seen = await sharp(photo).autoOrient().toBuffer({ resolveWithObject: true });
  t.like(data, { width: seen.info.width, height: seen.info.height });
  const preview = await alice.bytesOf(data.thumbnail);
  const { width, height, exif } = await sharp(preview).metadata();
  t.is(Math.max(width, height), 640);
  t.is(exif, undefined);
  t.deepEqual(await quartersOf(preview), uprightQuarters);
});

test("a picture is converted, made smaller and marked as its owner wishes, without the camera's data", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const photo = await turnedPhoto(6, 400, 200);
  const fields = { convert: "webp", quality: "70", maxWidth: "50", watermark: "© Ana & <Bo>" };
  const { status, data, message } = await alice.uploads({ bytes: photo, type: "chat_image", fields });
  t.is(status, 200, message);
  t.is(data.mimeType, "image/webp");
  const made = await sharp(await alice.bytesOf(data.url)).metadata();
  t.like(made, { width: 50, format: "webp", exif: undefined });
  t.like(data, { width: 50, height: made.height, size: (await alice.bytesOf(data.url)).length });
  for (const odd of [{ convert: "bmp" }, { quality: "0" }, { quality: "101" }, { maxWidth: "x" }] as Record<
    string,
    string
  >[])
    t.is((await alice.uploads({ bytes: photo, type: "chat_image", fields: odd })).code, 1, JSON.stringify(odd));
  t.is((await alice.uploads({ bytes: photo, type: "chat_file", fields: { convert: "png" } })).code, 1);
});

test("where a server strips metadata, a photo is stored upright without place and camera, and another file as it came", async (t) => {
  await using node = await startTestNode({ env: { STRIP_IMAGE_METADATA: "on" } });
  const { alice } = await clients(node, "alice");
  const photo = await turnedPhoto(6, 400, 200);
  const { data } = await alice.uploads({ bytes: photo, type: "chat_image", name: "a.jpg" });
  const stored = await alice.bytesOf(data.url);
  t.like(data, { size: stored.length, sha256: sha256Of(stored), mimeType: "image/jpeg" });
  const { exif, orientation, width } = await sharp(stored).metadata();
  t.deepEqual([exif, orientation, width], [undefined, undefined, data.width]);
  t.deepEqual(await quartersOf(stored), uprightQuarters);
  const { data: kept } = await alice.uploads({ bytes: photo, type: "chat_file", name: "a.jpg" });
  t.is(kept.sha256, sha256Of(photo));
});

test("what is refused says why by its number, and leaves nothing behind", async (t) => {
  const env = {
    MAX_AVATAR_BYTES: "2000",
    MAX_FILE_BYTES: "100000",
    MAX_VIDEO_BYTES: "100000",
    MAX_IMAGE_BYTES: "50000",
    MAX_USER_STORAGE_BYTES: "80000",
  };
  await using node = await startTestNode({ env });
  const { alice } = await clients(node, "alice");
  const png = await fourColours().png().toBuffer();
  const svg = text(`<svg xmlns="http://www.w3.org/2000/svg"/>`);
  const cases: [string, number, number, Parameters<FileClient["uploads"]>[0]][] = [
    ["an avatar that is too large", 413, 70101, { bytes: new Uint8Array(2_001), type: "avatar" }],
    ["too large, its type before it", 413, 70101, { bytes: new Uint8Array(2_001), type: "avatar", order: "before" }],
    ["larger than any file", 413, 70101, { bytes: new Uint8Array(200_000) }],
    ["a picture of too many pixels", 413, 70101, { bytes: pixelBomb(20_000, 20_000), type: "chat_image" }],
    ["a drawing that is a page", 415, 70102, { bytes: svg, type: "chat_image", mime: "image/svg+xml" }],
    ["a page as a picture", 415, 70102, { bytes: text("<html>"), type: "avatar", mime: "image/png" }],
    ["a picture as a film", 415, 70102, { bytes: png, type: "chat_video", mime: "video/mp4" }],
    ["a picture as a voice note", 415, 70102, { bytes: png, type: "chat_voice" }],
    ["more than the user has room for", 403, 70103, { bytes: new Uint8Array(90_000) }],
    ["another MD5", 400, 70110, { bytes: png, fields: { md5: md5Of(text("other")) } }],
    ["another SHA-256", 400, 70110, { bytes: png, fields: { sha256: sha256Of(text("other")) } }],
    ["no type", 400, 1, { bytes: png, type: "" }],
    ["a type that is none", 400, 1, { bytes: png, type: "chat_song" }],
    ["an empty file", 400, 1, { bytes: new Uint8Array(0) }],
    ["a name that is none", 400, 1, { bytes: png, name: "..%2f\u202e/" }],
    ["a long name", 400, 1, { bytes: png, name: "a".repeat(256) }],
  ];
  for (const [name, status, code, form] of cases) {
    const answer = await alice.uploads(form);
    t.deepEqual({ status: answer.status, code: answer.code }, { status, code }, `${name}: ${answer.message}`);
  }
  t.is((await alice.person.posts("/files/upload", { type: "avatar" })).code, 1, "JSON");
  await eventually(() => storedObjects(node.dataDir).length === 0, 10_000);
  t.deepEqual((await alice.person.gets("/files")).data, { files: [], total: 0 });
  t.deepEqual((await alice.person.gets("/files/usage")).data, {
    usedBytes: 0,
    quotaBytes: 80_000,
    fileCount: 0,
    buckets: [],
  });
  const { data } = await alice.uploads({ bytes: new Uint8Array(70_000).fill(7), name: "../..\\évil\u202e.txt" });
  t.like(data, { fileName: "évil.txt", mimeType: "text/plain" });
  t.is((await alice.uploads({ bytes: new Uint8Array(20_000).fill(8) })).code, 70103);
  t.is((await alice.person.deletes(`/files/${data.fileId}`)).status, 200);
  await eventually(async () => (await alice.uploads({ bytes: new Uint8Array(20_000).fill(8) })).status === 200);
});

test("parts of a file are read as HTTP describes it", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const { data } = await alice.uploads({ bytes: text("0123456789"), name: "ten.txt" });
  const whole = await alice.reads(data.url);
  const etag = whole.headers.get("etag") ?? "";
  const part = async (range: string, more: Record<string, string> = {}) => {
    const answer = await alice.reads(data.url, { range, ...more });
    return [answer.status, answer.headers.get("content-range"), await answer.text()];
  };
  t.deepEqual(await part("bytes=2-4"), [206, "bytes 2-4/10", "234"]);
  t.deepEqual(await part("bytes=8-"), [206, "bytes 8-9/10", "89"]);
  t.deepEqual(await part("bytes=-3"), [206, "bytes 7-9/10", "789"]);
  t.deepEqual(await part("bytes=10-"), [416, "bytes */10", ""]);
  t.deepEqual(await part("bytes=2-4", { "if-range": etag }), [206, "bytes 2-4/10", "234"]);
  t.deepEqual(await part("bytes=2-4", { "if-range": `"other"` }), [200, null, "0123456789"]);
  t.is((await alice.reads(data.url, { "if-none-match": etag })).status, 304);
  const head = await alice.reads(data.url, {}, "HEAD");
  t.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "10", ""]);
});

test("a link works without a token until it ends, and not when it was altered", async (t) => {
  await using node = await startTestNode();
  const { alice, bob } = await clients(node, "alice", "bob");
  const { data } = await alice.uploads({ bytes: text("secret") });
  const link = await alice.person.gets<{ url: string; expiresIn: number; expiresAt: number }>(
    `/files/${data.fileId}/url?expiresSeconds=60`,
  );
  t.like(link.data, { expiresIn: 60 });
  t.is(await (await fetch(link.data.url)).text(), "secret");
  const second = await alice.person.gets<Record<string, string>>(`/files/${data.fileId}/download?expiresMinutes=5`);
  t.like(second.data, { expires_in: 300, expiresIn: 300 });
  t.is(await (await fetch(second.data.download_url!)).text(), "secret");
  t.is((await fetch(new URL(data.url, alice.base))).status, 401);
  const url = new URL(link.data.url);
  const altered = [
    { exp: String(Number(url.searchParams.get("exp")) + 60) },
    { exp: "1000000000" },
    { sig: `${url.searchParams.get("sig")}A` },
    { sig: "none" },
  ];
  for (const change of altered) {
    const forged = new URL(url);
    for (const [name, value] of Object.entries(change)) forged.searchParams.set(name, value);
    const answer = await fetch(forged);
    t.deepEqual(
      [answer.status, ((await answer.json()) as { code: number }).code],
      [403, 70107],
      JSON.stringify(change),
    );
  }
  for (const path of ["", "/url", "/download", "/content", "/thumbnail"])
    t.like(await bob.person.gets(`/files/${data.fileId}${path}`), { status: 404, code: 70105 }, path);
  t.like(await bob.person.deletes(`/files/${data.fileId}`), { status: 404, code: 70105 });
  for (const odd of ["0", "604801", "x"])
    t.is((await alice.person.gets(`/files/${data.fileId}/url?expiresSeconds=${odd}`)).code, 1, odd);
  t.is((await alice.person.deletes(`/files/${data.fileId}`)).status, 200);
  for (const answer of [
    await alice.person.gets(`/files/${data.fileId}`),
    await alice.person.deletes(`/files/${data.fileId}`),
  ])
    t.like(answer, { status: 410, code: 70106 });
  t.like(await bob.person.gets(`/files/${data.fileId}`), { status: 404, code: 70105 });
  t.is((await fetch(link.data.url)).status, 410);
  await eventually(() => storedObjects(node.dataDir).length === 0, 10_000);
});

test("equal files share their bytes until the last one goes", async (t) => {
  await using node = await startTestNode();
  const { alice, bob } = await clients(node, "alice", "bob");
  const bytes = text("everybody has this");
  const [hers, his] = [await alice.uploads({ bytes }), await bob.uploads({ bytes, name: "mine.txt" })];
  t.not(hers.data.fileId, his.data.fileId);
  await eventually(() => storedObjects(node.dataDir).length === 1, 10_000);
  await alice.person.deletes(`/files/${hers.data.fileId}`);
  t.is((await alice.reads(hers.data.url)).status, 410);
  t.deepEqual(await bob.bytesOf(his.data.url), Buffer.from(bytes));
  await bob.person.deletes(`/files/${his.data.fileId}`);
  await eventually(() => storedObjects(node.dataDir).length === 0, 10_000);
  t.is((await alice.uploads({ bytes })).status, 200, "and the bytes may come again");
  await eventually(() => storedObjects(node.dataDir).length === 1, 10_000);
});

test("avatars are for everybody, and do not end", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const bytes = await fourColours().png().toBuffer();
  const { data } = await alice.uploads({ bytes, type: "avatar", name: "me.png", mime: "image/png" });
  for (const path of [data.url, data.thumbnail]) {
    const answer = await fetch(new URL(path, alice.base));
    t.is(answer.status, 200);
    t.regex(answer.headers.get("content-type") ?? "", /^image\//);
  }
  const used = await alice.person.gets<{ buckets: unknown }>("/files/usage");
  t.deepEqual(used.data.buckets, [{ bucket: "avatars", usedBytes: bytes.length, fileCount: 1 }]);
  for (const fileType of ["avatar", "image"]) {
    const listed = await alice.person.gets<{ total: number }>(`/files?fileType=${fileType}&page=1&pageSize=5`);
    t.is(listed.data.total, fileType === "avatar" ? 1 : 0);
  }
});

test("a page never runs from this origin", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const { data } = await alice.uploads({ bytes: text("<script>alert(1)</script>"), name: "a.html", mime: "text/html" });
  const { headers } = await alice.reads(data.url);
  t.regex(headers.get("content-disposition") ?? "", /^attachment/);
  t.is(headers.get("x-content-type-options"), "nosniff");
  t.regex(headers.get("content-security-policy") ?? "", /sandbox/);
});

test("a download goes at its rate, and a reader that leaves ends it", async (t) => {
  await using node = await startTestNode({ env: { DOWNLOAD_BYTES_PER_S: "100000" } });
  const { alice } = await clients(node, "alice");
  const { data } = await alice.uploads({ bytes: new Uint8Array(60_000).fill(7) });
  const startedMs = performance.now();
  t.is((await alice.bytesOf(data.url)).length, 60_000);
  t.true(performance.now() - startedMs >= 450, "60 000 bytes at 100 000 a second");
  const left = await alice.reads(data.url);
  await left.body?.cancel();
  t.is((await alice.reads(data.url, { range: "bytes=0-9" })).status, 206);
});

test("a client that leaves in the middle of an upload leaves nothing", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const sending = startEndlessUpload(`${alice.base}/api/v1/files/upload`, alice.person.token, "file");
  await eventually(() => storedObjects(node.dataDir).length === 1);
  sending.leave();
  await t.throwsAsync(sending.answer);
  await eventually(() => storedObjects(node.dataDir).length === 0, 10_000);
  t.is((await alice.person.gets<{ usedBytes: number }>("/files/usage")).data.usedBytes, 0);
});

test("a retry of an upload under the same key makes no second file", async (t) => {
  await using node = await startTestNode();
  const { alice } = await clients(node, "alice");
  const headers = { "idempotency-key": "k1" };
  const first = await alice.uploads({ bytes: text("once"), headers });
  const second = await alice.uploads({ bytes: text("once"), headers });
  t.is(second.data.fileId, first.data.fileId);
  t.is((await alice.person.gets<{ total: number }>("/files")).data.total, 1);
});
