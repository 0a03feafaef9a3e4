// Pictures as clients of the image editor upload, list and show them.
import test from "ava";
import sharp from "sharp";
import { Conversation } from "../../actors/conversation/contract.ts";
import { File } from "../../actors/file/contract.ts";
import { maxImageBytes } from "../../actors/file/images.ts";
import { User } from "../../actors/user/contract.ts";
import { eventually } from "../suites/eventually.ts";
import { startEndlessUpload } from "../support/endless-upload.ts";
import { ImageClient, type Part, storedObjects } from "../support/image-client.ts";
import { Person } from "../support/person.ts";
import { fourColours, heicHeader, pixelBomb, quartersOf, turnedPhoto, uprightQuarters } from "../support/pictures.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A user with a session of the image editor. */
async function editor(node: TestNode, name: string) {
  const person = await Person.registers(node, name);
  const { actors } = node.node;
  const { groupId } = await actors.get(User, person.userId).newGroupId({});
  await actors.get(Conversation, `a_${groupId}`).createChat({ ownerId: person.userId, assistantId: "own" });
  // The editor's clients know the chat by its number.
  return { person, sessionId: groupId, client: new ImageClient(node, person.token) };
}
const image = (bytes: Uint8Array, more: Partial<Part> = {}): Part => ({ field: "image", bytes, ...more });

test("a photo is uploaded upright, shown by its addresses, and listed in its session", async (t) => {
  await using node = await startTestNode();
  const { person, sessionId, client } = await editor(node, "alice");
  const { status, body } = await client.uploads([image(await turnedPhoto(6))], { sessionId, type: "uploaded" });
  t.is(status, 200, JSON.stringify(body));
  t.like(body, { sessionId, userId: person.userId, type: "uploaded", mime: "image/jpeg", width: 64, height: 32 });
  t.is(body.refCount, 0);
  t.regex(body.createdAt, iso);
  const shown = Buffer.from(await (await fetch(body.path)).arrayBuffer());
  t.is(shown.length, body.size);
  t.deepEqual(await quartersOf(shown), uprightQuarters);
  t.is((await sharp(shown).metadata()).exif, undefined);
  const thumb = await fetch(body.thumbPath);
  t.is(thumb.headers.get("content-type"), "image/webp");
  t.deepEqual(await quartersOf(Buffer.from(await thumb.arrayBuffer())), uprightQuarters);
  t.deepEqual((await client.gets(body.id)).body, body);

  const mask = await client.uploads([image(await fourColours().png().toBuffer())], { sessionId, type: "mask" });
  const all = await client.gets(`session/${sessionId}`);
  t.deepEqual(all.body, { images: [mask.body, body], total: 2, limit: 100, offset: 0, hasMore: false });
  const masks = await client.gets(`session/${sessionId}?type=mask&limit=1&offset=0`);
  t.deepEqual(masks.body, { images: [mask.body], total: 1, limit: 1, offset: 0, hasMore: false });
  t.like((await client.gets(`session/${sessionId}?limit=1`)).body, { images: [{ id: mask.body.id }], hasMore: true });
  t.is(storedObjects(node.dataDir).length, 4);

  await node.restart();
  t.is((await fetch(body.path.replace(/:\d+/, `:${node.port}`))).status, 200);
  t.is((await client.gets(`session/${sessionId}`)).body.total, 2);
});

test("a batch is taken whole, or not at all", async (t) => {
  await using node = await startTestNode();
  const { sessionId, client } = await editor(node, "alice");
  const pictures = await Promise.all([10, 20, 30].map((width) => fourColours(width, 10).png().toBuffer()));
  const batch = { path: "upload/batch" } as const;
  const parts = pictures.map((bytes) => image(bytes, { field: "images" }));
  const { status, body } = await client.uploads(parts, { sessionId }, batch);
  t.is(status, 200, JSON.stringify(body));
  t.deepEqual(
    body.images.map(({ width }: { width: number }) => width),
    [10, 20, 30],
  );
  const bad = [...parts, image(Buffer.from("text"), { field: "images[]" })];
  t.is((await client.uploads(bad, { sessionId }, batch)).status, 415);
  const many = Array.from({ length: 21 }, () => parts[0] as Part);
  t.is((await client.uploads(many, { sessionId }, batch)).status, 413);
  // The gallery learns of the pictures that were dropped a moment after the refusal.
  await eventually(async () => (await client.gets(`session/${sessionId}`)).body.total === 3, 10_000);
  await eventually(() => storedObjects(node.dataDir).length === 6, 10_000);
  t.is((await client.gets(`session/${sessionId}`)).body.total, 3);
});

test("a retry under the same key makes no second file", async (t) => {
  await using node = await startTestNode();
  const { sessionId, client } = await editor(node, "alice");
  const photo = await turnedPhoto(1);
  const upload = () => client.uploads([image(photo)], { sessionId }, { headers: { "idempotency-key": "k1" } });
  const [first, second] = await Promise.all([upload(), upload()]);
  t.deepEqual([first.status, second.status], [200, 200]);
  t.is(first.body.id, second.body.id);
  t.is((await upload()).body.id, first.body.id);
  t.is((await client.gets(`session/${sessionId}`)).body.total, 1);
  t.is(storedObjects(node.dataDir).length, 2);
});

test("what is refused says why, and leaves nothing behind", async (t) => {
  await using node = await startTestNode();
  const { sessionId, client } = await editor(node, "alice");
  const photo = await turnedPhoto(1);
  const fields = { sessionId };
  const cases: [string, number, () => ReturnType<ImageClient["uploads"]>][] = [
    ["too many pixels", 413, () => client.uploads([image(pixelBomb(20_000, 20_000))], fields)],
    ["a phone's own format", 415, () => client.uploads([image(heicHeader(), { type: "image/jpeg" })], fields)],
    ["a page", 415, () => client.uploads([image(Buffer.from("<script>alert(1)</script>"))], fields)],
    ["nothing", 415, () => client.uploads([image(Buffer.alloc(0))], fields)],
    ["too many bytes", 413, () => client.uploads([image(Buffer.alloc(maxImageBytes + 100_000))], fields)],
    ["a few bytes too many", 413, () => client.uploads([image(Buffer.alloc(maxImageBytes + 1))], fields)],
    ["no file", 400, () => client.uploads([], fields)],
    ["a file under another name", 400, () => client.uploads([image(photo, { field: "avatar" })], fields)],
    ["two files", 413, () => client.uploads([image(photo), image(photo)], fields)],
    ["no session", 400, () => client.uploads([image(photo)], {})],
    ["no session's id", 404, () => client.uploads([image(photo)], { sessionId: "../1" })],
    ["an unknown session", 404, () => client.uploads([image(photo)], { sessionId: "999" })],
    ["a type that is none", 400, () => client.uploads([image(photo)], { ...fields, type: "<b>" })],
    ["JSON", 400, () => client.sends("upload", "{}", { "content-type": "application/json" })],
    ["no boundary", 400, () => client.sends("upload", "x", { "content-type": "multipart/form-data" })],
  ];
  for (const [name, expected, send] of cases) {
    const { status, body, headers } = await send();
    t.is(status, expected, `${name}: ${JSON.stringify(body)}`);
    t.like(body, { success: false }, name);
    t.is(typeof body.error, "string", name);
    t.truthy(headers.get("x-request-id"), name);
  }
  t.is((await client.gets(`session/${sessionId}`)).body.total, 0);
  await eventually(() => storedObjects(node.dataDir).length === 0, 10_000);
  t.is((await client.uploads([image(photo)], fields)).status, 200, "the next upload is taken");
});

test("a PNG that is called a JPEG is a PNG", async (t) => {
  await using node = await startTestNode();
  const { sessionId, client } = await editor(node, "alice");
  const png = await fourColours().png().toBuffer();
  const { body } = await client.uploads([image(png, { name: "Ünïcode 照片.jpg", type: "image/jpeg" })], { sessionId });
  t.is(body.mime, "image/png");
  const file = await fetch(body.path);
  t.is(file.headers.get("content-type"), "image/png");
  t.is(
    file.headers.get("content-disposition"),
    `inline; filename="_n_code __.png"; filename*=UTF-8''%C3%9Cn%C3%AFcode%20%E7%85%A7%E7%89%87.png`,
  );
});

test("broken and foreign bodies are answered with an error of theirs, and leave nothing", async (t) => {
  await using node = await startTestNode();
  const { sessionId, client } = await editor(node, "alice");
  const photo = await turnedPhoto(1, 200, 200);
  const form = new FormData();
  form.append("sessionId", sessionId);
  form.append("image", new Blob([photo as Uint8Array<ArrayBuffer>]), "p.jpg");
  const whole = new Response(form);
  const type = whole.headers.get("content-type") ?? "";
  const bytes = Buffer.from(await whole.arrayBuffer());
  const random = createSeededRandom(11);
  for (let round = 0; round < 24; round += 1) {
    const broken = Buffer.from(bytes);
    const cut = random.below(bytes.length);
    if (round % 3 === 0) broken.fill(random.below(256), cut, Math.min(broken.length, cut + 1 + random.below(200)));
    const sent = round % 3 === 1 ? broken.subarray(0, cut) : broken;
    if (round % 3 === 2) for (let n = 0; n < 20; n += 1) broken[random.below(400)] = random.below(256);
    const path = round % 2 === 0 ? "upload" : "upload/batch";
    const { status, body } = await client.sends(path, sent as Uint8Array<ArrayBuffer>, { "content-type": type });
    t.true(status === 200 || (status >= 400 && status < 500), `round ${round}: ${status} ${JSON.stringify(body)}`);
    if (status === 200)
      await node.node.actors
        .get(File, body.id ?? body.images[0].id)
        .remove({ userId: body.userId ?? body.images[0].userId });
  }
  await eventually(() => storedObjects(node.dataDir).length === 0, 10_000);
  t.is((await client.gets(`session/${sessionId}`)).body.total, 0);
});

test("a client that leaves in the middle leaves nothing", async (t) => {
  await using node = await startTestNode();
  const { sessionId, client } = await editor(node, "alice");
  const sending = startEndlessUpload(`http://127.0.0.1:${node.port}/api/images/upload`, client.token, "image");
  await eventually(() => storedObjects(node.dataDir).length === 1);
  sending.leave();
  await t.throwsAsync(sending.answer);
  await eventually(() => storedObjects(node.dataDir).length === 0);
  t.is((await client.gets(`session/${sessionId}`)).body.total, 0);
});

test("a file is for its owner, for members of conversations that hold it, and for who has a signed address", async (t) => {
  await using node = await startTestNode();
  const { sessionId, client: alice, person } = await editor(node, "alice");
  const bob = await Person.registers(node, "bob");
  const mallory = await editor(node, "mallory");
  const { body } = await alice.uploads([image(await turnedPhoto(1))], { sessionId });
  const address = new URL(body.path);
  const [path, thumb] = [`/files/${body.id}`, `/files/${body.id}/thumb`];

  for (const each of [path, thumb]) {
    t.is((await alice.reads(each)).status, 200);
    t.is((await mallory.client.reads(each)).status, 404);
    t.is((await fetch(new URL(each, address))).status, 401);
  }
  t.is((await mallory.client.gets(body.id)).status, 404);
  t.is((await mallory.client.gets(`session/${sessionId}`)).status, 404);
  t.is((await mallory.client.uploads([image(await turnedPhoto(1))], { sessionId })).status, 404);
  for (const id of ["none", "..%2F..%2Fsecrets", "a".repeat(100)])
    t.is((await alice.reads(`/files/${id}`)).status, 404);

  const [exp, sig] = [address.searchParams.get("exp") ?? "", address.searchParams.get("sig") ?? ""];
  const forged = [
    `exp=${Number(exp) + 3_600}&sig=${sig}`,
    `exp=${exp}&sig=${sig.slice(0, -2)}AA`,
    `exp=${exp}&sig=nokey.${sig.split(".")[1]}`,
    `exp=1000000000&sig=${sig}`,
    `exp=${exp}`,
    `exp=x&sig=x`,
  ];
  for (const query of forged) t.is((await fetch(new URL(`${path}?${query}`, address))).status, 401, query);
  const other = await mallory.client.uploads([image(await turnedPhoto(2))], { sessionId: mallory.sessionId });
  t.is((await fetch(new URL(`/files/${other.body.id}?exp=${exp}&sig=${sig}`, address))).status, 401);

  // As the conversation's outbox does when a message brings the file.
  const group = await person.createsGroup("Pictures", [bob]);
  const file = node.node.actors.get(File, body.id);
  await file.refer({ conversationId: group, messageId: "1" });
  const bobs = new ImageClient(node, bob.token);
  t.is((await bobs.reads(path)).status, 200);
  t.is((await bobs.gets(body.id)).body.refCount, 1);
  t.is((await mallory.client.reads(path)).status, 404);
  await file.release({ conversationId: group, messageId: "1" });
  t.is((await bobs.reads(path)).status, 404);
});

test("bytes are served in ranges, with a tag, and never as a page", async (t) => {
  await using node = await startTestNode();
  const { sessionId, client } = await editor(node, "alice");
  const { body } = await client.uploads([image(await turnedPhoto(1, 200, 200))], { sessionId });
  const whole = await fetch(body.path);
  const bytes = Buffer.from(await whole.arrayBuffer());
  const etag = whole.headers.get("etag") ?? "";
  t.is(whole.headers.get("x-content-type-options"), "nosniff");
  t.regex(whole.headers.get("content-security-policy") ?? "", /sandbox/);
  t.regex(whole.headers.get("cache-control") ?? "", /^private, max-age=/);
  t.is(whole.headers.get("content-length"), String(bytes.length));
  const asks = (headers: Record<string, string>, query = "", method = "GET") =>
    fetch(`${body.path}${query}`, { headers, method });
  const size = bytes.length;
  const ranges: [string, number, Buffer | undefined, string | null][] = [
    ["bytes=0-9", 206, bytes.subarray(0, 10), `bytes 0-9/${size}`],
    ["bytes=10-", 206, bytes.subarray(10), `bytes 10-${size - 1}/${size}`],
    ["bytes=-7", 206, bytes.subarray(-7), `bytes ${size - 7}-${size - 1}/${size}`],
    [`bytes=5-${size + 50}`, 206, bytes.subarray(5), `bytes 5-${size - 1}/${size}`],
    [`bytes=${size}-`, 416, undefined, `bytes */${size}`],
    ["bytes=-0", 416, undefined, `bytes */${size}`],
    ["bytes=9-5", 200, bytes, null],
    ["bytes=0-1,3-4", 200, bytes, null],
    ["lines=1-2", 200, bytes, null],
  ];
  for (const [range, status, expected, contentRange] of ranges) {
    const answer = await asks({ range });
    t.is(answer.status, status, range);
    t.is(answer.headers.get("content-range"), contentRange, range);
    const got = Buffer.from(await answer.arrayBuffer());
    if (expected) t.true(got.equals(expected), range);
  }
  t.is((await asks({ range: "bytes=0-9", "if-range": etag })).status, 206);
  t.is((await asks({ range: "bytes=0-9", "if-range": '"another"' })).status, 200);
  for (const tags of [etag, `"x", W/${etag}`, "*"]) t.is((await asks({ "if-none-match": tags })).status, 304, tags);
  t.is((await asks({ "if-none-match": '"x"' })).status, 200);
  const head = await asks({}, "", "HEAD");
  t.deepEqual([head.status, head.headers.get("content-length")], [200, String(size)]);
  t.regex((await asks({}, "&download=1")).headers.get("content-disposition") ?? "", /^attachment;/);
  t.regex((await asks({})).headers.get("content-disposition") ?? "", /^inline;/);
});
