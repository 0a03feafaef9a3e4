// Words that the operator forbids (SENSITIVE_WORDS), in every place where others would read them.
import test from "ava";
import { people } from "../support/people.ts";
import { callApi } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode({ env: { SENSITIVE_WORDS: "Voldemort, 敏感词" } });
});
test.after.always(() => chat.close());

const spellings = ["I saw Voldemort", "ＶＯＬＤＥＭＯＲＴ!", "vol\u200dde\ufe0fmort", "有敏感词吗"];

test("no message, edit, group name, announcement or nickname takes a forbidden word, however it is written", async (t) => {
  const [ada, ben] = await people(chat, "ada", "ben");
  await ada.befriends(ben);
  await ada.connects();
  const sessionId = await ada.createsGroup("club", [ben]);
  const group = `/groups/${sessionId.slice(2)}`;
  const { messageId } = await ada.says(sessionId, "fine");
  for (const text of spellings) {
    const message = { sessionId, contentType: "text", content: text };
    t.like(await ada.posts("/messages", message), { status: 400, codeStr: "050105" }, text);
    const sent = await ada.device.asks("SEND_MESSAGE", { ...message, sessionId: ada.chatWith(ben) });
    t.like(sent, { type: "ERROR", codeStr: "050105" }, text);
    t.like(await ada.puts(`/messages/${messageId}`, { content: text }), { status: 400, codeStr: "050105" }, text);
    const edited = await ada.device.asks("MESSAGE_EDIT", { messageId, content: text });
    t.like(edited, { type: "ERROR", codeStr: "050105" }, text);
    t.like(await ada.puts(group, { name: text }), { status: 400, codeStr: "040111" }, text);
    t.like(await ada.posts("/groups", { name: text, memberIds: [ben.userId] }), { codeStr: "040111" }, text);
    t.like(await ada.puts(`${group}/announcement`, { announcement: text }), { codeStr: "040112" }, text);
  }
  for (const nickname of ["Voldemort", "敏感词"]) {
    t.like(await ada.puts("/users/me", { nickname }), { status: 400, codeStr: "020102" });
    t.like(await ada.puts(`${group}/nickname`, { nickname }), { status: 400, codeStr: "020102" });
    const body = { email: `v${nickname.length}@example.test`, password: "Passw0rd1", verifyCode: "123456", nickname };
    const device = { deviceType: "Web", deviceId: "web" };
    t.like(await callApi(chat.port, "POST", "/auth/register", { body: { ...body, ...device } }), { codeStr: "020102" });
    const account = { ...body, ...device, account: `who${nickname.length}` };
    t.like(await callApi(chat.port, "POST", "/auth/register", { body: account }), { codeStr: "020102" });
    t.like(await callApi(chat.port, "POST", "/auth/register", { body: { ...account, nickname: "Tom" } }), { code: 0 });
  }
  t.like((await ada.history(sessionId))[0], { content: "fine" });
  t.is((await ada.gets("/users/me")).data.nickname, "ada");
});
