// QR codes of users: the picture says the code, a scan finds the user, and a replaced or expired code finds nobody.
import test from "ava";
import sharp from "sharp";
import { encode } from "uqr";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import { callApi, type Person } from "../support/person.ts";
import { misfits } from "../support/shape.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

interface Code extends Record<string, unknown> {
  code: string;
  content: string;
  qrcodeUrl: string;
  expiresAt: number;
}

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

const codeOf = async (person: Person) => (await person.gets<Code>("/users/me/qrcode")).data;
const scan = (person: Person, code: string) => person.gets(`/users/qrcode/${code}`);

/** The dark modules of a picture, read from its pixels: one row of text per row of modules, without the light border. */
async function modulesOf(picture: Uint8Array, size: number, border: number): Promise<string[]> {
  const { data, info } = await sharp(picture).flatten({ background: "white" }).greyscale().raw().toBuffer({
    resolveWithObject: true,
  });
  const step = info.width / size;
  const isDark = (x: number, y: number) =>
    (data[Math.floor((y + 0.5) * step) * info.width + Math.floor((x + 0.5) * step)] ?? 255) < 128;
  return Array.from({ length: size - 2 * border }, (_, y) =>
    Array.from({ length: size - 2 * border }, (_, x) => (isDark(x + border, y + border) ? "#" : ".")).join(""),
  );
}

test("a user's QR code says its content as PNG and SVG, with the owner's token or with none", async (t) => {
  const [ada] = await people(chat, "ada");
  const made = await ada.gets<Code>("/users/me/qrcode");
  t.deepEqual(misfits(made.data, { code: "string", content: "string", qrcodeUrl: "string", expiresAt: "time" }), []);
  const { code, content, qrcodeUrl, expiresAt } = made.data;
  t.true(content.includes(code));
  t.true(Math.abs(expiresAt - Date.now() - 86_400_000) < 60_000);
  t.is((await ada.gets("/users/me")).data.qrcodeUrl, qrcodeUrl);
  t.is((await codeOf(ada)).code, code, "one code until its time is over");

  const { size, data } = encode(content, { ecc: "Q", border: 4 });
  const expected = data.slice(4, -4).map((row) =>
    row
      .slice(4, -4)
      .map((dark) => (dark ? "#" : "."))
      .join(""),
  );
  const authorization = `Bearer ${ada.token}`;
  const own = `http://127.0.0.1:${chat.port}/api/v1/users/me/qrcode?format=`;
  for (const [url, headers, type] of [
    [qrcodeUrl, {}, "image/png"],
    [qrcodeUrl, { authorization }, "image/png"],
    [`${qrcodeUrl}?format=svg`, {}, "image/svg+xml"],
    [`${own}png`, { authorization }, "image/png"],
    [`${own}svg`, { authorization }, "image/svg+xml"],
  ] as const) {
    const answer = await fetch(url, { headers });
    t.is(answer.status, 200, url);
    t.is(answer.headers.get("content-type")?.split(";")[0], type);
    t.is(answer.headers.get("x-content-type-options"), "nosniff");
    t.deepEqual(await modulesOf(new Uint8Array(await answer.arrayBuffer()), size, 4), expected, url);
  }
});

test("whoever scans the code sees the user as by id, and a code that was replaced or never was finds nobody", async (t) => {
  const [ben, cleo] = await people(chat, "ben", "cleo");
  const { code, qrcodeUrl } = await codeOf(ben);
  const scanned = await scan(cleo, code);
  t.deepEqual(scanned.data, (await cleo.gets(`/users/${ben.userId}`)).data);
  t.like(scanned.data, { userId: ben.userId, nickname: "ben", isFriend: false });
  await cleo.befriends(ben);
  t.like((await scan(cleo, code)).data, { isFriend: true });

  const next = (await ben.posts<Code>("/users/qrcode/refresh")).data;
  t.not(next.code, code);
  t.is((await ben.gets("/users/me")).data.qrcodeUrl, next.qrcodeUrl);
  t.like((await scan(cleo, next.code)).data, { userId: ben.userId });
  const foreign = next.code.replace(ben.userId, cleo.userId);
  for (const gone of [
    code,
    foreign,
    "nonsense",
    ben.userId,
    `u${ben.userId}-`,
    "u1-00000000000000000000000000000000",
  ]) {
    t.like(await scan(cleo, gone), { status: 404, codeStr: "020105" }, gone);
  }
  t.is((await fetch(qrcodeUrl)).status, 404);
  t.like(await callApi(chat.port, "GET", `/users/qrcode/${next.code}`), { status: 401 });
});

test("a refresh that is sent again under its key makes one code", async (t) => {
  const [dan] = await people(chat, "dan");
  const headers = { "idempotency-key": "once" };
  const refresh = () => callApi<Code>(chat.port, "POST", "/users/qrcode/refresh", { token: dan.token, headers });
  const first = await refresh();
  t.is((await refresh()).data.code, first.data.code);
  t.is((await codeOf(dan)).code, first.data.code);
});

test("a code lives for QRCODE_MS, also across a restart, and then its owner gets another", async (t) => {
  await using short = await startTestNode({ env: { QRCODE_MS: "1500" } });
  const [eli, fay] = await people(short, "eli", "fay");
  const { code } = await codeOf(eli);
  t.is((await scan(fay, code)).status, 200);
  await short.restart();
  await eventually(async () => (await scan(fay, code)).status === 410);
  t.like(await scan(fay, code), { codeStr: "020104" });
  const next = await codeOf(eli);
  t.not(next.code, code);
  t.like(await scan(fay, code), { status: 410, codeStr: "020104" }, "its time was over before it was replaced");
});
