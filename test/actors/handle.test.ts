import test from "ava";
import { Handle, handleKey } from "../../actors/handle/contract.ts";
import { handle } from "../../actors/handle/handle.ts";
import { LoneActor } from "../support/lone-actor.ts";

const alice = { nickname: "Alice", passwordHash: "argon:1", phone: "", email: "alice@example.test", account: "" };
const start = () => new LoneActor(handle, "email:alice@example.test");

test("of two people registering with one e-mail at the same time, one wins", (t) => {
  const mail = start();
  const { userId } = mail.run("register", alice);
  t.throws(() => mail.run("register", { ...alice, nickname: "Mallory" }), { message: /taken/ });
  t.deepEqual(mail.ask("find", {}), { userId });
  t.is(mail.records.length, 1);
});

test("a registration brings the user and his session to life", (t) => {
  const mail = start();
  const { userId } = mail.run("register", alice);
  t.regex(userId, /^[1-9][0-9]{0,15}$/);
  const { passwordHash, ...person } = alice;
  t.deepEqual(mail.told, [
    { kind: "user", key: userId, method: "create", input: { ...person, atMs: mail.nowMs } },
    { kind: "session", key: userId, method: "create", input: { passwordHash, atMs: mail.nowMs } },
  ]);
});

test("a handle is bound to one user, and free again when he gives it up", (t) => {
  const phone = new LoneActor(handle, "phone:+491701234567");
  phone.run("claim", { userId: "1" });
  phone.run("claim", { userId: "1" });
  t.throws(() => phone.run("claim", { userId: "2" }));
  phone.run("release", { userId: "2" });
  t.deepEqual(phone.ask("find", {}), { userId: "1" });
  phone.run("release", { userId: "1" });
  phone.run("claim", { userId: "2" });
  t.deepEqual(phone.ask("find", {}), { userId: "2" });
  t.is(phone.records.length, 3);
  for (let i = 0; i <= 3; i += 1) t.deepEqual(phone.replayed(i), phone.state);
});

test("people type their e-mail, phone number or account name", (t) => {
  t.is(Handle.kind, "handle");
  t.is(handleKey(" Alice@Example.test "), "email:alice@example.test");
  t.is(handleKey("+49 (170) 123-4567"), "phone:+491701234567");
  t.is(handleKey("Алиса"), "account:алиса");
  t.is(handleKey("no spaces here"), undefined);
});
