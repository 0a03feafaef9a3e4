// Images of the editor as its document describes them: uploads, lists, addresses, and messages that edit them.
import test from "ava";
import sharp from "sharp";
import { eventually } from "../suites/eventually.ts";
import { json } from "../support/llm/openai-bytes.ts";
import { onePixel } from "../support/llm/plausible-answer.ts";
import { fourColours, turnedPhoto } from "../support/pictures.ts";
import { Editor, emailOf, password, patienceMs, startImageEditor, wrongFields } from "../support/seeds/image-editor.ts";

const photo = (width = 1920, height = 1080) => fourColours(width, height).jpeg().toBuffer();
const edits = ({ path }: { path: string }) => path.endsWith("/images/edits");

test("an image is uploaded, with a preview of its own, and read", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession();
  const { status, body } = await alice.uploads(await photo(), { sessionId, type: "uploaded" });
  t.is(status, 200, JSON.stringify(body));
  t.deepEqual(wrongFields("image", body), []);
  t.like(body, { sessionId, userId: alice.userId, type: "uploaded", mime: "image/jpeg", width: 1920, height: 1080 });
  t.is(body.refCount, 0);
  t.deepEqual((await alice.gets(`/api/images/${body.id}`)).body, body);
  // As an <img> loads them: the address alone.
  const whole = await fetch(body.path);
  t.is(whole.headers.get("content-type"), "image/jpeg");
  t.is((await whole.arrayBuffer()).byteLength, body.size);
  const thumb = await sharp(Buffer.from(await (await fetch(body.thumbPath)).arrayBuffer())).metadata();
  t.true((thumb.width ?? 0) < 1920 && (thumb.height ?? 0) < 1080);
  t.is(new URL(body.path).port, String(server.port));
});

test("several images are uploaded at once", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession();
  const batch = [await photo(10, 20), await photo(30, 40), await fourColours(50, 60).png().toBuffer()];
  const { status, body } = await alice.uploads(batch, { sessionId, type: "uploaded" });
  t.is(status, 200, JSON.stringify(body));
  t.deepEqual(
    body.images.map(({ width, height }: { width: number; height: number }) => [width, height]),
    [
      [10, 20],
      [30, 40],
      [50, 60],
    ],
  );
  for (const image of body.images) t.deepEqual(wrongFields("image", image), []);
});

test("the images of a session are listed by type, a page at a time", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const [sessionId, other] = [await alice.beginsSession(), await alice.beginsSession()];
  const made = [];
  for (const type of ["uploaded", "mask", "uploaded"])
    made.push((await alice.uploads(await photo(8, 8), { sessionId, type })).body);
  await alice.uploads(await photo(8, 8), { sessionId: other });
  const list = async (query: string) => (await alice.gets(`/api/images/session/${sessionId}${query}`)).body;
  t.deepEqual((await list("")).images, made.toReversed());
  t.like(await list(""), { total: 3, limit: 100, offset: 0 });
  t.deepEqual((await list("?type=uploaded&limit=100&offset=0")).images, [made[2], made[0]]);
  t.deepEqual((await list("?type=uploaded&limit=1&offset=1")).images, [made[0]]);
  t.deepEqual((await list("?type=generated")).images, []);
  for (const query of ["limit=0", "limit=x", "limit=101", "offset=-1"])
    t.is((await alice.gets(`/api/images/session/${sessionId}?${query}`)).status, 400, query);
});

test("a message with an image is answered by the edited image", async (t) => {
  await using server = await startImageEditor();
  const result = await fourColours(40, 30).png().toBuffer();
  server.upstream.always(json({ created: 1, data: [{ b64_json: result.toString("base64") }] }));
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession("Cats");
  const first = (await alice.uploads(await photo(64, 48), { sessionId, type: "uploaded" })).body;
  const sent = await alice.posts(`/api/sessions/${sessionId}/messages`, {
    ...{ role: "user", text: "Make it blue", imageIds: [first.id], params: { size: "1024x1024" } },
  });
  t.is(sent.status, 200, JSON.stringify(sent.body));
  t.deepEqual(sent.body.imageIds, [first.id]);
  await eventually(async () => (await alice.messagesOf(sessionId)).length === 2, patienceMs);
  const answer = (await alice.messagesOf(sessionId))[1];
  t.like(answer, { role: "assistant", sessionId });
  t.is(answer?.imageIds.length, 1);
  const image = (await alice.gets(`/api/images/${answer?.imageIds[0]}`)).body;
  t.deepEqual(wrongFields("image", image), []);
  t.like(image, { type: "generated", sessionId, userId: alice.userId, width: 40, height: 30, mime: "image/png" });
  t.is((await fetch(image.path)).status, 200);
  t.is((await fetch(image.thumbPath)).status, 200);
  const generated = (await alice.gets(`/api/images/session/${sessionId}?type=generated`)).body.images;
  t.deepEqual(
    generated.map(({ id }: { id: string }) => id),
    [image.id],
  );
  const asked = server.upstream.journal.filter(edits);
  t.is(asked.length, 1);
  t.true(asked[0]?.body.includes("Make it blue"));
  t.true(asked[0]?.body.includes("1024x1024"));

  // The result is edited in its turn.
  await alice.posts(`/api/sessions/${sessionId}/messages`, { role: "user", text: "Now red", imageIds: [image.id] });
  await eventually(async () => (await alice.messagesOf(sessionId)).length === 4, patienceMs);
  t.is((await alice.messagesOf(sessionId))[3]?.imageIds.length, 1);
});

test("an image knows how many messages hold it", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession("Cats");
  const { id } = (await alice.uploads(await photo(8, 8), { sessionId })).body;
  const count = async () => (await alice.gets(`/api/images/${id}`)).body.refCount;
  const send = async () =>
    (await alice.posts(`/api/sessions/${sessionId}/messages`, { role: "assistant", text: "See", imageIds: [id] })).body;
  t.is(await count(), 0);
  const [first] = [await send(), await send()];
  await eventually(async () => (await count()) === 2, patienceMs);
  await alice.deletes(`/api/messages/${first.id}`);
  await eventually(async () => (await count()) === 1, patienceMs);
});

test("an edit that fails says so in a message without an image", async (t) => {
  await using server = await startImageEditor();
  server.upstream.always(json({ error: { message: "no such picture", type: "invalid_request_error" } }, 400));
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession("Cats");
  const { id } = (await alice.uploads(await photo(8, 8), { sessionId })).body;
  await alice.posts(`/api/sessions/${sessionId}/messages`, { role: "user", text: "Make it blue", imageIds: [id] });
  await eventually(async () => (await alice.messagesOf(sessionId)).length === 2, patienceMs);
  const answer = (await alice.messagesOf(sessionId))[1];
  t.like(answer, { role: "assistant", imageIds: [] });
  t.not(answer?.text, "");
  t.is((await alice.gets(`/api/images/session/${sessionId}?type=generated`)).body.total, 0);
});

test("what is no image, or is too large, is refused", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession();
  const good = await photo(8, 8);
  const cases: [string, Promise<{ status: number; body: unknown }>, number[]][] = [
    ["a page", alice.uploads(Buffer.from("<html><script>alert(1)</script>"), { sessionId }), [415]],
    ["an SVG", alice.uploads(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), { sessionId }), [415]],
    ["half an image", alice.uploads((await photo(500, 500)).subarray(0, 700), { sessionId }), [415]],
    ["too many bytes", alice.uploads(Buffer.alloc(21 * 1_048_576), { sessionId }), [413]],
    ["no session", alice.uploads(good, {}), [400]],
    ["an unknown session", alice.uploads(good, { sessionId: "7" }), [404]],
    ["no form", alice.posts("/api/images/upload", { sessionId }), [400, 415]],
    ["no image", alice.uploads([], { sessionId }), [400]],
    ["one page in a batch", alice.uploads([good, Buffer.from("text")], { sessionId }), [415]],
  ];
  for (const [name, pending, expected] of cases) {
    const { status, body } = await pending;
    t.true(expected.includes(status), `${name}: ${status} ${JSON.stringify(body)}`);
    t.like(body, { success: false }, name);
  }
  t.is((await alice.gets(`/api/images/session/${sessionId}`)).body.total, 0);
});

test("where a photo was taken is not passed on", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession();
  const { body } = await alice.uploads(await turnedPhoto(6), { sessionId });
  const shown = await sharp(Buffer.from(await (await fetch(body.path)).arrayBuffer())).metadata();
  t.is(shown.exif, undefined);
  t.deepEqual([shown.width, shown.height], [body.width, body.height]);
});

test("images of somebody else are not there", async (t) => {
  await using server = await startImageEditor();
  const [alice, mallory] = [await Editor.registers(server, "alice"), await Editor.registers(server, "mallory")];
  const [sessionId, own] = [await alice.beginsSession(), await mallory.beginsSession()];
  const { id, path } = (await alice.uploads(await photo(8, 8), { sessionId })).body;
  t.is((await mallory.gets(`/api/images/${id}`)).status, 404);
  t.is((await mallory.gets(`/api/images/session/${sessionId}`)).status, 404);
  t.is((await mallory.uploads(await photo(8, 8), { sessionId })).status, 404);
  const stolen = { role: "user", text: "Show me", imageIds: [id] };
  t.is((await mallory.posts(`/api/sessions/${own}/messages`, stolen)).status, 404);
  t.is((await fetch(path.split("?")[0])).status, 401);
  for (const none of ["7", "x".repeat(300), "..%2F..%2Fetc", "%00", "session"])
    t.true([400, 404].includes((await alice.gets(`/api/images/${none}`)).status), none);
});

test("a device learns of an upload that another one made, before a message holds it", async (t) => {
  await using server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const [sessionId, other] = [await alice.beginsSession(), await alice.beginsSession()];
  const desk = new Editor(server);
  Object.assign(desk, { userId: alice.userId });
  desk.token = (await desk.posts("/api/auth/login", { email: emailOf("alice"), password })).body.token;
  const [here, elsewhere] = [await desk.opensSession(sessionId), await desk.opensSession(other)];
  await here.sees("connected");
  await elsewhere.sees("connected");
  const { body } = await alice.uploads(await photo(8, 8), { sessionId, type: "uploaded" });
  const event = await here.sees("image");
  t.is(event.sessionId, sessionId);
  t.deepEqual(event.image, body);
  const batch = (await alice.uploads([await photo(9, 9), await photo(10, 10)], { sessionId })).body.images;
  await here.sees("image", 3);
  const ids = here.frames.filter(({ type }) => type === "image").map(({ image }) => image.id);
  t.deepEqual(new Set(ids), new Set([body.id, ...batch.map(({ id }: { id: string }) => id)]));
  t.false(elsewhere.frames.some(({ type }) => type === "image"));
});

test("a device is shown an edited image with its message", async (t) => {
  await using server = await startImageEditor();
  server.upstream.always(json({ created: 1, data: [{ b64_json: onePixel }] }));
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession("Cats");
  const { id } = (await alice.uploads(await photo(8, 8), { sessionId })).body;
  const socket = await alice.opensSession(sessionId);
  await socket.sees("connected");
  await alice.posts(`/api/sessions/${sessionId}/messages`, { role: "user", text: "Blue", imageIds: [id] });
  await eventually(() => socket.frames.filter(({ type }) => type === "message").length === 2, patienceMs);
  const answer = (await socket.sees("message", 2)).payload;
  t.deepEqual(wrongFields("message", answer), []);
  await eventually(() => socket.frames.some(({ type, image }) => type === "image" && image.id === answer.imageIds[0]));
  const shown = socket.frames.find(({ type, image }) => type === "image" && image.id === answer.imageIds[0]).image;
  t.deepEqual(wrongFields("image", shown), []);
  t.like(shown, { type: "generated", sessionId });
  t.is((await fetch(shown.path)).status, 200);
});
