// Recommendations from contacts: users are shown to the people in their address books when both consent, and to nobody else.
import test from "ava";
import { contactHashes } from "../../gateway/rest/people/contact-hashes.ts";
import { eventually } from "../suites/eventually.ts";
import { people } from "../support/people.ts";
import { callApi, type Person } from "../support/person.ts";
import { misfits } from "../support/shape.ts";
import { startTestNode, type TestNode } from "../support/start-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

interface Recommended {
  userId: string;
  nickname: string;
  avatar: string;
  reason: string;
}

let chat: TestNode;
test.before(async () => {
  chat = await startTestNode();
});
test.after.always(() => chat.close());

const consents = (person: Person, contactsConsent = true) => person.puts("/users/me/settings", { contactsConsent });
const uploads = (person: Person, ...contacts: unknown[]) => person.posts("/friends/contacts", { contacts });
const recommended = async (person: Person) =>
  (await person.gets<{ users: Recommended[] }>("/friends/recommendations")).data.users;
const idsFor = async (person: Person) => (await recommended(person)).map(({ userId }) => userId);
/** The other user has uploaded the person as a contact, and both have consented. */
async function areKnown(person: Person, other: Person): Promise<void> {
  for (const each of [person, other]) await consents(each);
  await uploads(other, { email: person.email });
}

test("a user is recommended to the people in the address book when both consent, and at once", async (t) => {
  const [ann, bob] = await people(chat, "ann", "bob");
  t.is((await ann.gets("/users/me/settings")).data.contactsConsent, false);
  await consents(bob);
  await uploads(bob, { email: ann.email, name: "Ann" });
  t.deepEqual(await recommended(ann), [], "Ann has not consented");
  await consents(ann);
  const [found, ...others] = await recommended(ann);
  t.deepEqual(others, []);
  const shape = { userId: "string", nickname: "string", avatar: "string", reason: ["contacts"] } as const;
  t.deepEqual(misfits({ ...found }, shape), []);
  t.like(found, { userId: bob.userId, nickname: "bob", reason: "contacts" });
  t.deepEqual(await recommended(bob), [], "Ann has uploaded nobody");
  await consents(ann, false);
  t.deepEqual(await recommended(ann), []);
});

test("what was uploaded without consent is not kept", async (t) => {
  const [cat, dan] = await people(chat, "cat", "dan");
  await uploads(dan, { email: cat.email });
  for (const each of [cat, dan]) await consents(each);
  t.deepEqual(await recommended(cat), []);
});

test("consent that is withdrawn takes the contacts away; consent given again does not bring them back", async (t) => {
  const [eve, fay] = await people(chat, "eve", "fay");
  await areKnown(eve, fay);
  t.deepEqual(await idsFor(eve), [fay.userId]);
  await consents(fay, false);
  t.deepEqual(await idsFor(eve), []);
  await consents(fay);
  await eventually(async () => (await idsFor(eve)).length === 0);
  await uploads(fay, { email: eve.email.toUpperCase() });
  t.deepEqual(await idsFor(eve), [fay.userId]);
});

test("friends, oneself, and users blocked from either side are not recommended", async (t) => {
  const [gus, hal, ida, jon, kai] = await people(chat, "gus", "hal", "ida", "jon", "kai");
  for (const other of [gus, hal, ida, jon, kai]) await areKnown(gus, other);
  t.deepEqual(
    await idsFor(gus),
    [kai, jon, ida, hal].map(({ userId }) => userId),
    "the newest first",
  );
  await gus.befriends(hal);
  await gus.posts("/friends/blacklist", { userId: ida.userId });
  await jon.posts("/friends/blacklist", { userId: gus.userId });
  await eventually(async () => (await idsFor(gus)).length === 1);
  t.deepEqual(await idsFor(gus), [kai.userId]);
  await jon.deletes(`/friends/blacklist/${gus.userId}`);
  await eventually(async () => (await idsFor(gus)).length === 2);
});

test("a phone number counts in any spelling, also when its owner comes later, and for its owner alone", async (t) => {
  const [lea, max, ned] = await people(chat, "lea", "max", "ned");
  for (const each of [lea, max, ned]) await consents(each);
  await uploads(max, "139 1234 0077");
  await uploads(ned, { phone: "+8613912340077" });
  t.deepEqual(await idsFor(lea), []);
  const bind = (phoneNumber: string) =>
    lea.puts("/users/me/phone", { phoneNumber, verifyCode: "123456", password: lea.password });
  t.is((await bind("8613912340077")).code, 0);
  t.deepEqual((await idsFor(lea)).toSorted(), [max.userId, ned.userId].toSorted());
  t.is((await bind("+8613912340078")).code, 0);
  t.deepEqual(await idsFor(lea), []);
});

test("an e-mail address that its user never proved recommends nobody", async (t) => {
  const [ola] = await people(chat, "ola");
  const [email, username] = [`squatted.${process.pid}@example.test`, `squatter${process.pid}`];
  const surface = new SurfaceClient(chat, { base: "/compat/image" });
  const password = "Passw0rd1";
  t.is((await surface.posts("/api/auth/register", { username, email, password })).status, 200);
  const login = { account: username, password, deviceType: "PC", deviceId: "squatter-desk" };
  const { data } = await callApi(chat.port, "POST", "/auth/login", { body: login });
  const token = String(data.accessToken);
  t.like((await callApi(chat.port, "GET", "/users/me", { token })).data, { email });
  await consents(ola);
  await callApi(chat.port, "PUT", "/users/me/settings", { token, body: { contactsConsent: true } });
  await uploads(ola, { email });
  t.deepEqual((await callApi(chat.port, "GET", "/friends/recommendations", { token })).data, { users: [] });
});

test("recommendations need a login", async (t) => {
  t.is((await callApi(chat.port, "GET", "/friends/recommendations")).status, 401);
});

test("the hash of a contact needs the server's secret, and is made under the older secrets too", (t) => {
  const secrets = ["new", "old"].map((kid) => ({ kid, secret: Buffer.from(kid.padEnd(32, ".")) }));
  const hashes = contactHashes(secrets, "phone:+8613912340077");
  t.is(new Set([...hashes, ...contactHashes(secrets, "phone:+8613912340078")]).size, 4);
  t.deepEqual(contactHashes(secrets.slice(1), "phone:+8613912340077"), hashes.slice(1));
  for (const hash of hashes) t.regex(hash, /^[\w-]{22}$/);
});
