// Contacts that users let this system keep: hashes at the user who uploaded them, and the keepers of each.
import test from "ava";
import { contact } from "../../actors/contact/contact.ts";
import { maxKeepers } from "../../actors/contact/contract.ts";
import { maxContactsKept } from "../../actors/user/contacts-contract.ts";
import { LoneActor } from "../support/lone-actor.ts";
import { user } from "../support/user-behaviour.ts";

function newUser({ contactsConsent }: { contactsConsent: boolean }) {
  const ann = new LoneActor(user, "7");
  ann.run("create", { nickname: "Ann", phone: "", email: "", account: "", atMs: ann.nowMs });
  ann.run("updateSettings", { patch: { contactsConsent } });
  return ann;
}
type Ann = ReturnType<typeof newUser>;
const hashesOf = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}${n}`);
const sent = ({ told }: Ann, method: "keep" | "withdraw") =>
  told.filter((each) => each.kind === "contact" && each.method === method).map(({ key }) => key);
/** The commands that the due turns send, until no turn is due. */
function sendsAll(ann: Ann, method: "keep" | "withdraw"): string[] {
  const all: string[] = [];
  while (ann.wake()) all.push(...sent(ann, method));
  return all;
}

test("without consent nothing is kept, and nobody learns of the upload", (t) => {
  const ann = newUser({ contactsConsent: false });
  const records = ann.records.length;
  ann.run("keepContacts", { hashes: ["a", "b"] });
  t.deepEqual([ann.told.length, ann.records.length, ann.state.contacts], [0, records, undefined]);
});

test("with consent each new contact is kept once", (t) => {
  const ann = newUser({ contactsConsent: true });
  ann.run("keepContacts", { hashes: ["a", "b", "a"] });
  t.deepEqual(sent(ann, "keep"), ["a", "b"]);
  t.like(ann.told[0], { key: "a", input: { userId: "7" } });
  ann.run("keepContacts", { hashes: ["b", "c"] });
  t.deepEqual(sent(ann, "keep"), ["c"]);
  ann.run("keepContacts", { hashes: ["c"] });
  t.deepEqual(ann.told, []);
  t.is(user.due?.(ann.state), undefined);
});

test("a long upload is sent in several turns, and survives a new host at each of them", (t) => {
  const ann = newUser({ contactsConsent: true });
  const hashes = hashesOf("a", 600);
  ann.run("keepContacts", { hashes });
  const all = [...sent(ann, "keep"), ...sendsAll(ann, "keep")];
  t.deepEqual(all, hashes);
  for (let n = 0; n <= ann.records.length; n += 1) t.deepEqual(ann.replayed(n), ann.state);
});

test("when consent ends no hash is left, and consent alone brings none back", (t) => {
  const ann = newUser({ contactsConsent: true });
  const hashes = hashesOf("a", 400);
  ann.run("keepContacts", { hashes });
  // Before the rest of the upload was sent.
  ann.run("updateSettings", { patch: { contactsConsent: false } });
  t.deepEqual(ann.state.contacts?.kept, []);
  t.deepEqual(sendsAll(ann, "withdraw").toSorted(), hashes.toSorted());
  t.is(ann.state.contacts, undefined);
  t.false(ann.encoded().includes("a399"));
  ann.run("updateSettings", { patch: { contactsConsent: true } });
  t.is(ann.state.contacts, undefined);
});

test("a contact that is uploaded anew before its withdrawal was sent is kept", (t) => {
  const ann = newUser({ contactsConsent: true });
  ann.run("keepContacts", { hashes: ["a", "b"] });
  ann.run("updateSettings", { patch: { contactsConsent: false } });
  ann.run("updateSettings", { patch: { contactsConsent: true } });
  ann.run("keepContacts", { hashes: ["a"] });
  t.deepEqual([sent(ann, "keep"), sent(ann, "withdraw")], [["a"], ["b"]]);
  t.deepEqual(ann.state.contacts?.kept, ["a"]);
});

test("a user who is deleted keeps no contacts, and is recommended to nobody", (t) => {
  const ann = newUser({ contactsConsent: true });
  ann.run("keepContacts", { hashes: ["a"] });
  t.true(ann.ask("card", { viewerId: "8" }).contactsConsent);
  ann.run("blockChanged", { userId: "8", isBlocked: true, atMs: ann.nowMs });
  t.false(ann.ask("card", { viewerId: "8" }).contactsConsent);
  t.true(ann.ask("card", { viewerId: "9" }).contactsConsent);
  ann.run("changeStanding", { isDeleted: true });
  t.false(ann.ask("card", { viewerId: "9" }).contactsConsent);
  t.deepEqual(sendsAll(ann, "withdraw"), ["a"]);
  ann.run("keepContacts", { hashes: ["a"] });
  t.is(ann.state.contacts, undefined);
});

test("beyond the limit the oldest contacts are forgotten", (t) => {
  const ann = newUser({ contactsConsent: true });
  for (const name of ["a", "b"]) {
    ann.run("keepContacts", { hashes: hashesOf(name, maxContactsKept / 2) });
    sendsAll(ann, "keep");
  }
  ann.run("keepContacts", { hashes: ["c"] });
  t.deepEqual([sent(ann, "keep"), sent(ann, "withdraw")], [["c"], ["a0"]]);
  t.is(ann.state.contacts?.kept.length, maxContactsKept);
});

test("a snapshot of an older release has the setting, switched off", (t) => {
  const ann = newUser({ contactsConsent: false });
  const plain = JSON.parse(ann.encoded());
  delete plain.settings.settings.contactsConsent;
  const state = user.decode(plain, "7");
  t.is(state.settings.settings.contactsConsent, false);
});

test("an address has its newest keepers, each once, until they withdraw", (t) => {
  const address = new LoneActor(contact, "a hash");
  const keepers = () => address.ask("keepers", {}).userIds;
  for (const userId of ["1", "2", "1"]) address.run("keep", { userId });
  t.deepEqual(keepers(), ["2", "1"]);
  address.run("withdraw", { userId: "2" });
  address.run("withdraw", { userId: "3" });
  t.deepEqual(keepers(), ["1"]);
  for (let n = 0; n < maxKeepers; n += 1) address.run("keep", { userId: `u${n}` });
  t.deepEqual([keepers().length, keepers()[0], keepers().includes("1")], [maxKeepers, `u${maxKeepers - 1}`, false]);
  for (let n = 0; n <= address.records.length; n += 1) t.deepEqual(address.replayed(n), address.state);
});
