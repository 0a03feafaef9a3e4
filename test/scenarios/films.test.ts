// Films and voice notes, on a host that has ffmpeg.
import sharp from "sharp";
import { eventually } from "../suites/eventually.ts";
import { makeFilm } from "../support/ffmpeg.ts";
import { FileClient, sha256Of } from "../support/file-client.ts";
import { storedObjects } from "../support/image-client.ts";
import { needs } from "../support/needs.ts";
import { Person } from "../support/person.ts";
import { startTestNode } from "../support/start-node.ts";

const test = needs("ffmpeg");
const env = { PATH: process.env.PATH ?? "" };
const played = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"];

test("a film that browsers play is kept as it came, with its size, its length and a cover", async (t) => {
  await using node = await startTestNode({ env });
  const alice = new FileClient(node, await Person.registers(node, "alice"));
  const bytes = makeFilm("talk.mp4", played);
  const { status, data, message } = await alice.uploads({ bytes, type: "chat_video", name: "talk.mp4" });
  t.is(status, 200, message);
  t.like(data, { mimeType: "video/mp4", sha256: sha256Of(bytes), width: 320, height: 180, duration: 2 });
  const cover = await sharp(await alice.bytesOf(data.thumbnail)).metadata();
  t.like(cover, { format: "webp", width: 640, height: 360 });
  const shown = await alice.reads(data.url, { range: "bytes=0-9" });
  t.is(shown.status, 206);
  t.is(shown.headers.get("content-type"), "video/mp4");
});

test("a film that browsers do not play becomes one that they do, and its owner sees how far it is", async (t) => {
  await using node = await startTestNode({ env });
  const alice = new FileClient(node, await Person.registers(node, "alice"));
  const device = await alice.person.connects();
  const bytes = makeFilm("old.avi", ["-c:v", "mpeg4", "-c:a", "mp3"], { size: "321x181" });
  const { status, data, message } = await alice.uploads({ bytes, type: "chat_video", name: "old.avi" });
  t.is(status, 200, message);
  t.like(data, { mimeType: "video/mp4", width: 320, height: 180, duration: 2, status: "available" });
  t.not(data.sha256, sha256Of(bytes));
  t.is((await alice.bytesOf(data.url)).length, data.size);
  const stages = () =>
    new Set(
      device.frames.filter((frame) => frame.data?.type === "file.processing").map(({ data: { stage } }) => stage),
    );
  await eventually(() => stages().has("transcoding") && stages().has("cover"));
  await eventually(() => storedObjects(node.dataDir).length === 2, 10_000);
});

test("a large film that is made anew becomes smaller, in picture and in bytes", async (t) => {
  await using node = await startTestNode({ env });
  const alice = new FileClient(node, await Person.registers(node, "alice"));
  const bytes = makeFilm("large.avi", ["-c:v", "mpeg4", "-q:v", "2", "-c:a", "mp3"], { size: "1920x1080", seconds: 1 });
  const { status, data, message } = await alice.uploads({ bytes, type: "chat_video", name: "large.avi" });
  t.is(status, 200, message);
  t.like(data, { mimeType: "video/mp4", width: 1_280, height: 720 });
  t.true(data.size < bytes.length, `${data.size} of ${bytes.length} bytes`);
});

test("a voice note has its length, and what no program can read is kept as it came", async (t) => {
  await using node = await startTestNode({ env });
  const alice = new FileClient(node, await Person.registers(node, "alice"));
  const note = makeFilm("note.ogg", ["-map", "1:a", "-c:a", "libvorbis"], { seconds: 3 });
  const voice = await alice.uploads({ bytes: note, type: "chat_voice", name: "note.ogg" });
  t.is(voice.status, 200, voice.message);
  t.like(voice.data, { mimeType: "audio/ogg", duration: 3, sha256: sha256Of(note), thumbnail: "" });
  const broken = makeFilm("talk.mp4", played).subarray(0, 2_000);
  const kept = await alice.uploads({ bytes: broken, type: "chat_video", name: "half.mp4" });
  t.is(kept.status, 200, kept.message);
  t.like(kept.data, { mimeType: "video/mp4", sha256: sha256Of(broken), thumbnail: "" });
});
