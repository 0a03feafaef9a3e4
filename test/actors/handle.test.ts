import test from "ava";
import { Handle, reservationMs } from "../../actors/handle/contract.ts";
import { handle } from "../support/handle-behaviour.ts";
import { LoneActor } from "../support/lone-actor.ts";

const alice = { nickname: "Alice", passwordHash: "argon:1", phone: "", email: "alice@example.test", account: "" };
const start = () => new LoneActor(handle, "email:alice@example.test");
const startName = () => new LoneActor(handle, "account:alice");
const [aliceMail, bobMail] = ["email:alice@example.test", "email:bob@example.test"];

test("of two people registering with one e-mail at the same time, one wins", (t) => {
  const mail = start();
  const { userId } = mail.run("register", alice);
  t.throws(() => mail.run("register", { ...alice, nickname: "Mallory" }), { message: /taken/ });
  t.like(mail.ask("find", {}), { userId });
  t.is(mail.records.length, 1);
});

test("a registration brings the user and the session to life", (t) => {
  const mail = start();
  const { userId } = mail.run("register", alice);
  t.regex(userId, /^[1-9][0-9]{0,15}$/);
  const { passwordHash, ...person } = alice;
  t.deepEqual(mail.told, [
    { kind: "user", key: userId, method: "create", input: { ...person, atMs: mail.nowMs } },
    { kind: "session", key: userId, method: "create", input: { passwordHash, atMs: mail.nowMs } },
  ]);
  t.is(Handle.kind, "handle");
});

test("a user is made under the id for which the account name was reserved", (t) => {
  const [name, mail] = [startName(), start()];
  const { userId } = name.run("reserve", { by: aliceMail });
  t.deepEqual(name.run("reserve", { by: aliceMail }), { userId }, "a retry of the same registration");
  t.deepEqual(mail.run("register", { ...alice, account: "alice", userId }), { userId });
  t.like(name.ask("find", {}), { userId });
  t.throws(() => name.run("reserve", { by: bobMail }), { message: /taken/ });
});

test("a reserved name is free again when its registration was refused", (t) => {
  const name = startName();
  const { userId } = name.run("reserve", { by: aliceMail });
  name.run("release", { userId: "1" });
  t.like(name.ask("find", {}), { userId, reservedBy: aliceMail });
  name.run("release", { userId });
  t.like(name.ask("find", {}), { userId: undefined });
  t.not(name.run("reserve", { by: bobMail }).userId, userId);
  for (let i = 0; i <= name.records.length; i += 1) t.deepEqual(name.replayed(i), name.state);
});

test("a reservation that nobody completed is taken over only after its time, by one who names its user", (t) => {
  const name = startName();
  const { userId: abandoned } = name.run("reserve", { by: aliceMail });
  t.throws(() => name.run("reserve", { by: bobMail, abandoned }), { message: /taken/ });
  name.nowMs += reservationMs;
  t.throws(() => name.run("reserve", { by: bobMail }), { message: /taken/ });
  t.throws(() => name.run("reserve", { by: bobMail, abandoned: "1" }), { message: /taken/ });
  const { userId } = name.run("reserve", { by: bobMail, abandoned });
  t.not(userId, abandoned);
  t.like(name.ask("find", {}), { userId, reservedBy: bobMail });
});

test("another name is claimed by a user who exists, unless it leads to somebody", (t) => {
  const name = new LoneActor(handle, "account:alicia");
  name.run("claim", { userId: "7" });
  name.run("claim", { userId: "7" });
  t.is(name.records.length, 1, "once");
  t.throws(() => name.run("claim", { userId: "8" }), { message: /taken/ });
  name.run("release", { userId: "8" });
  t.is(name.ask("find", {}).userId, "7", "it is given up by its user alone");
  name.run("release", { userId: "7" });
  name.run("claim", { userId: "8" });
  t.is(name.ask("find", {}).userId, "8");
});
