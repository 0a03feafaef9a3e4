// The language of error messages: the setting that the user has chosen, else what the client accepts, else English.
import test from "ava";
import { chineseMessages } from "../../actors/shared/error-messages-zh.ts";
import { errors } from "../../actors/shared/errors.ts";
import { acceptedLanguage } from "../../gateway/kit/languages.ts";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import { callApi, Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

const [english, chinese] = [errors["user.not_found"].message, chineseMessages["user.not_found"]];
const messageFor = async (token: string, language?: string) => {
  const headers: Record<string, string> = language === undefined ? {} : { "accept-language": language };
  return (await callApi(chat.port, "GET", "/users/12345", { token, headers })).message;
};

test("every error has a message in English and one in Chinese", (t) => {
  t.deepEqual(Object.keys(chineseMessages).toSorted(), Object.keys(errors).toSorted());
  for (const [name, message] of Object.entries(chineseMessages)) t.regex(message, /\p{Script=Han}/u, name);
  for (const [name, { message }] of Object.entries(errors)) t.notRegex(message, /\p{Script=Han}/u, name);
});

test("of the languages that a client accepts, the one it likes best and that has messages counts", (t) => {
  for (const [header, language] of [
    [undefined, "en"],
    ["", "en"],
    ["*", "en"],
    ["zh", "zh"],
    ["zh-Hans-CN,en;q=0.5", "zh"],
    ["ZH_cn", "zh"],
    ["de, zh;q=0.8, en;q=0.9", "en"],
    ["de-DE,fr;q=0.7,zh;q=0.3", "zh"],
    ["zh;q=0, en", "en"],
    ["zh;q=0", "en"],
    ["zh;q=nonsense", "en"],
    [`${"x,".repeat(9_000)}zh`, "en"],
  ] as const) {
    t.is(acceptedLanguage(header), language, header?.slice(0, 40));
  }
});

test("an answer follows the client until the user chooses a language, and then the user", async (t) => {
  const ada = await Person.registers(chat, "ada");
  t.is(await messageFor(ada.token), english);
  t.is(await messageFor(ada.token, "zh-CN,zh;q=0.9"), chinese);
  t.like((await ada.gets("/users/me/settings")).data, { language: "zh-CN" });
  await ada.puts("/users/me/settings", { language: "en" });
  t.is(await messageFor(ada.token, "zh-CN"), english);
  await ada.puts("/users/me/settings", { language: "zh-CN" });
  t.is(await messageFor(ada.token, "en"), chinese);
  const stranger = await callApi(chat.port, "GET", "/users/me", { headers: { "accept-language": "zh" } });
  t.is(stranger.message, chineseMessages["auth.token_invalid"]);

  const bea = await Person.registers(chat, "bea");
  await bea.puts("/users/me/settings", { language: "zh-CN" });
  await chat.restart();
  t.is(await messageFor(bea.token, "en"), chinese, "the default was chosen, and so it counts");
});

test("ERROR frames speak the user's language", async (t) => {
  const [cal, dee] = await people(chat, "cal", "dee");
  await cal.connects();
  const asks = async () => {
    const message = { sessionId: cal.chatWith(dee), contentType: "text", content: "hello" };
    const answer = await cal.device.asks("SEND_MESSAGE", message);
    return [answer.type, answer.message];
  };
  t.deepEqual(await asks(), ["ERROR", errors["message.not_friends"].message]);
  await cal.puts("/users/me/settings", { language: "zh-CN" });
  await eventually(async () => (await asks())[1] === chineseMessages["message.not_friends"]);
  t.deepEqual(await asks(), ["ERROR", chineseMessages["message.not_friends"]]);
});
