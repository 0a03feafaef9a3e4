// UNIQUE_NICKNAMES: a nickname belongs to one user, whatever its spelling is.
import test from "ava";
import { people } from "../support/people.ts";
import { callApi, Person } from "../support/person.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode({ env: { UNIQUE_NICKNAMES: "on" } });
});
test.after.always(() => chat.close());

const taken = { status: 409, codeStr: "020101" };
const renames = (person: Person, nickname: string) => person.puts("/users/me", { nickname });

test("a nickname that another user has is refused in every spelling, and is free when that user takes another one", async (t) => {
  const [ada, ben] = await people(chat, "ada", "ben");
  t.is((await renames(ada, "Karl Näh")).status, 200);
  for (const nickname of ["Karl Näh", "KARL NÄH", "ｋａｒｌ näh", "karl na\u0308h", "\u212aarl Näh"]) {
    t.like(await renames(ben, nickname), taken, nickname);
  }
  t.is((await ben.gets("/users/me")).data.nickname, "ben");
  t.is((await renames(ada, "karl näh")).status, 200, "one's own in another spelling");
  t.is((await ada.puts("/users/me", { nickname: "karl näh", signature: "hi" })).status, 200);
  t.is((await renames(ada, "Lena")).status, 200);
  t.is((await renames(ben, "Karl Näh")).status, 200);
  t.like(await renames(ada, "Karl Näh"), taken);
  await chat.restart();
  t.like(await renames(ada, "karl näh"), taken);
});

test("a registration with a taken nickname is refused before its code is used", async (t) => {
  await Person.registers(chat, "otto");
  const body = { email: "otto.two@example.test", password: "Passw0rd1", verifyCode: "123456", nickname: "OTTO" };
  const register = (nickname: string) =>
    callApi(chat.port, "POST", "/auth/register", { body: { ...body, nickname, deviceType: "Web", deviceId: "web" } });
  t.like(await register("OTTO"), taken);
  t.is((await register("Otto Two")).status, 200);
});

test("of many who want one nickname at once, one gets it", async (t) => {
  const names = Array.from({ length: 8 }, (_, n) => `many${n}`);
  const all = await people(chat, ...names);
  const answers = await Promise.all(all.map((person, n) => renames(person, n % 2 ? "The One" : "the one")));
  t.is(answers.filter(({ status }) => status === 200).length, 1);
  t.true(answers.every(({ status }) => status === 200 || status === 409));
  const shown = await Promise.all(all.map(async (person) => (await person.gets("/users/me")).data.nickname));
  t.is(shown.filter((nickname) => String(nickname).toLowerCase() === "the one").length, 1);
});
