// Bodies and addresses that no client of the editor should send: each is answered in its shape, and changes nothing.
import test from "ava";
import { fourColours } from "../support/pictures.ts";
import { Editor, startImageEditor } from "../support/seeds/image-editor.ts";

type Answer = Awaited<ReturnType<Editor["gets"]>>;

/** "" when the answer is a refusal in the editor's shape. */
function wrongRefusal({ status, body }: Answer): string {
  if (status < 400 || status >= 500) return `status ${status}: ${JSON.stringify(body)}`;
  const isInShape = body?.success === false && typeof body.error === "string" && body.error !== "";
  return isInShape ? "" : `not in shape: ${status} ${JSON.stringify(body)}`;
}

async function startSession() {
  const server = await startImageEditor();
  const alice = await Editor.registers(server, "alice");
  const sessionId = await alice.beginsSession("Kept");
  const message = { role: "assistant", text: "Kept" };
  const { id } = (await alice.posts(`/api/sessions/${sessionId}/messages`, message)).body;
  return { server, alice, sessionId, messageId: String(id) };
}

test("a body of wrong types is refused, and changes nothing", async (t) => {
  const { server, alice, sessionId, messageId } = await startSession();
  await using _ = server;
  const values = [null, 7, true, [], ["a"], {}, { a: 1 }];
  const notTexts = values.filter((value) => value !== null);
  const at = `/api/sessions/${sessionId}/messages`;
  const cases: [string, string, object[]][] = [
    [
      "POST",
      "/api/auth/login",
      notTexts.flatMap((value) => [
        { email: value, password: "x" },
        { email: "a@b.c", password: value },
      ]),
    ],
    ["POST", "/api/sessions", [...notTexts.map((title) => ({ title })), { title: "x".repeat(1_000) }]],
    [
      "POST",
      at,
      [
        ...notTexts.map((text) => ({ role: "user", text })),
        ...[7, true, [], {}, "owner", "", "__proto__"].map((role) => ({ role, text: "a" })),
        ...[7, true, {}, "x", [7], [null], [""], [{}], Array(11).fill("7")].map((imageIds) => ({
          role: "user",
          text: "a",
          imageIds,
        })),
        ...[7, true, "x", [1]].map((params) => ({ role: "user", text: "a", params })),
        ...[{}, { role: "user" }, { role: "user", text: "" }, { role: "user", text: "", imageIds: [] }],
        { role: "user", text: "x".repeat(300_000) },
      ],
    ],
    ["PUT", `/api/messages/${messageId}`, [...values.map((text) => ({ text })), {}, { text: "x".repeat(300_000) }]],
  ];
  for (const [method, path, bodies] of cases) {
    for (const body of bodies) {
      const answer = await alice.asks(method, path, body);
      t.is(wrongRefusal(answer), "", `${method} ${path} ${JSON.stringify(body).slice(0, 100)}`);
    }
  }
  t.deepEqual(
    (await alice.messagesOf(sessionId)).map(({ text }) => text),
    ["Kept"],
  );
  t.is((await alice.gets("/api/sessions")).body.total, 1);
});

test("a body that is no JSON object, or is too deep or too large, is refused", async (t) => {
  const { server, alice, sessionId, messageId } = await startSession();
  await using _ = server;
  const deep = `{"text":"a","params":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}`;
  const bodies = [
    ...["{", "null", "7", '"text"', "[]", "[{}]", "{'text': 'a'}", '{"text":"a"', '{"text":"\\ud800', "text=a"],
    ...[deep, `${"[".repeat(20_000)}${"]".repeat(20_000)}`, JSON.stringify({ text: "x".repeat(9_000_000) })],
  ];
  const json = { "content-type": "application/json" };
  for (const [method, path] of [
    ["POST", "/api/auth/register"],
    ["POST", "/api/auth/login"],
    ["POST", "/api/sessions"],
    ["POST", `/api/sessions/${sessionId}/messages`],
    ["PUT", `/api/messages/${messageId}`],
  ] as const) {
    for (const body of bodies) {
      const answer = await alice.asks(method, path, body, json);
      t.is(wrongRefusal(answer), "", `${method} ${path} ${body.slice(0, 40)}`);
    }
    const notUtf8 = await alice.asks(
      method,
      path,
      new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      json,
    );
    t.is(wrongRefusal(notUtf8), "", `${method} ${path} not UTF-8`);
  }
  for (const path of ["/api/images/upload", "/api/images/upload/batch"]) {
    for (const type of [
      "application/json",
      "text/plain",
      "multipart/form-data",
      "multipart/form-data; boundary=",
      "image/jpeg",
    ])
      t.is(wrongRefusal(await alice.asks("POST", path, '{"a":1}', { "content-type": type })), "", `${path} ${type}`);
  }
  t.deepEqual(
    (await alice.messagesOf(sessionId)).map(({ text }) => text),
    ["Kept"],
  );
});

test("an address that leads nowhere is refused in the editor's shape", async (t) => {
  const { server, alice, sessionId } = await startSession();
  await using _ = server;
  const ids = [
    "0",
    "-1",
    "1e3",
    "9".repeat(30),
    "null",
    "undefined",
    "%20",
    "%27%3B--",
    "a".repeat(3_000),
    "__proto__",
    "%F0%9F%98%80",
    "..%2f..",
  ];
  for (const id of ids) {
    for (const path of [
      `/api/sessions/${id}`,
      `/api/sessions/${id}/messages`,
      `/api/images/${id}`,
      `/api/images/session/${id}`,
    ])
      t.is(wrongRefusal(await alice.gets(path)), "", path);
    t.is(wrongRefusal(await alice.posts(`/api/sessions/${id}/messages`, { role: "user", text: "a" })), "", id);
    t.is(wrongRefusal(await alice.puts(`/api/messages/${id}`, { text: "a" })), "", id);
    t.is(wrongRefusal(await alice.deletes(`/api/messages/${id}`)), "", id);
  }
  for (const path of ["/api/none", "/api/images", "/api/sessions/1/none", "/api/auth/none", "/api/auth"])
    t.is(wrongRefusal(await alice.gets(path)), "", path);
  for (const [method, path] of [
    ["DELETE", "/api/auth/me"],
    ["PUT", "/api/images/upload"],
    ["PATCH", `/api/sessions/${sessionId}/messages`],
    ["POST", "/api/images/7"],
  ] as const) {
    const answer = await alice.asks(method, path);
    t.is(wrongRefusal(answer), "", `${method} ${path}`);
    t.true([404, 405].includes(answer.status), `${method} ${path}`);
  }
});

test("fields of an upload that do not fit are refused, and leave no image", async (t) => {
  const { server, alice, sessionId } = await startSession();
  await using _ = server;
  const picture = await fourColours(8, 8).png().toBuffer();
  const fields = [
    ...["", "0", "-1", "nonsense", "../1", "__proto__", "a".repeat(5_000)].map((id) => ({ sessionId: id })),
    ...["UPPER", "a b", "<b>", "../x", "x".repeat(5_000)].map((type) => ({ sessionId, type })),
  ];
  for (const each of fields) {
    t.is(wrongRefusal(await alice.uploads(picture, each)), "", JSON.stringify(each).slice(0, 80));
    t.is(wrongRefusal(await alice.uploads([picture], each)), "", JSON.stringify(each).slice(0, 80));
  }
  const many = new FormData();
  many.append("image", new Blob([picture as Uint8Array<ArrayBuffer>]), "a.png");
  for (let n = 0; n < 200; n += 1) many.append(`field${n}`, "x");
  t.is(wrongRefusal(await alice.asks("POST", "/api/images/upload", many)), "");
  t.is((await alice.gets(`/api/images/session/${sessionId}`)).body.total, 0);
});
