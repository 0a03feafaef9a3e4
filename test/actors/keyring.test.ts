import test from "ava";
import { keyring } from "../../actors/keyring/keyring.ts";
import { maxKeysPerOwner } from "../../actors/keyring/limits.ts";
import { LoneActor } from "../support/lone-actor.ts";

const alice = "7000000000000001";
const bob = "7000000000000002";
const start = () => new LoneActor(keyring, "system");
const newKey = (hash: string, ownerId = alice) => ({ hash, hint: "sk-ab…wxyz", ownerId, name: "laptop", limits: {} });
const newCode = (hash: string, maxUsage: number, expiresAtMs?: number) => ({
  ...{ hash, maxUsage },
  createdBy: alice,
  ...(expiresAtMs !== undefined && { expiresAtMs }),
});

test("a key is found by its hash, and keeps its number", (t) => {
  const ring = start();
  const key = ring.run("addKey", newKey("h1"));
  t.like(key, { keyId: "1", ownerId: alice, isActive: true, createdAtMs: ring.nowMs });
  t.is(ring.run("addKey", newKey("h2", bob)).keyId, "2");
  t.deepEqual(ring.ask("findKey", { hash: "h1" }), { key });
  t.deepEqual(ring.ask("findKey", { hash: "h3" }), { key: undefined });
  t.deepEqual(
    ring.ask("keys", { ownerId: bob }).keys.map(({ keyId }) => keyId),
    ["2"],
  );
  t.is(ring.ask("keys", {}).keys.length, 2);
});

test("a retry of the same key makes no second one", (t) => {
  const ring = start();
  t.deepEqual(ring.run("addKey", newKey("h1")), ring.run("addKey", newKey("h1")));
  t.is(ring.records.length, 1);
});

test("a key is renamed, limited, disabled and enabled, and only what is named changes", (t) => {
  const ring = start();
  ring.run("addKey", newKey("h1"));
  t.like(ring.run("changeKey", { keyId: "1", isActive: false }), { isActive: false, name: "laptop" });
  t.like(ring.run("changeKey", { keyId: "1", name: "phone", limits: { rpm: 3 } }), { isActive: false, name: "phone" });
  t.like(ring.ask("findKey", { hash: "h1" }).key, { name: "phone", isActive: false, limits: { rpm: 3 } });
  t.throws(() => ring.run("changeKey", { keyId: "9", isActive: true }), { message: /no such key/ });
  for (const quotaTokens of [-1, 1.5]) {
    t.throws(() => ring.run("changeKey", { keyId: "1", limits: { quotaTokens } }), { message: /missing or wrong/ });
  }
});

test("the number of a removed key is not given again: rows of the ledger name it", (t) => {
  const ring = start();
  ring.run("addKey", newKey("h1"));
  ring.run("removeKey", { keyId: "1" });
  t.deepEqual(ring.ask("findKey", { hash: "h1" }), { key: undefined });
  t.throws(() => ring.run("removeKey", { keyId: "1" }), { message: /no such key/ });
  t.is(ring.run("addKey", newKey("h1")).keyId, "2");
  for (let i = 0; i <= ring.records.length; i += 1) t.deepEqual(ring.replayed(i), ring.state);
});

test("one user does not fill the keyring", (t) => {
  const ring = start();
  ring.isChecked = false;
  for (let i = 0; i < maxKeysPerOwner; i += 1) ring.run("addKey", newKey(`h${i}`));
  t.throws(() => ring.run("addKey", newKey("one more")), { message: /no room/ });
  t.notThrows(() => ring.run("addKey", newKey("one more", bob)));
});

test("an access code is redeemed as often as it may be", (t) => {
  const ring = start();
  ring.run("addCode", newCode("c1", 3));
  for (let i = 0; i < 3; i += 1) t.deepEqual(ring.run("redeem", { hash: "c1" }), { codeId: "1" });
  t.throws(() => ring.run("redeem", { hash: "c1" }), { message: /used up/ });
  t.like(ring.ask("codes", {}).codes[0], { usageCount: 3, maxUsage: 3 });
  for (let i = 0; i <= ring.records.length; i += 1) t.deepEqual(ring.replayed(i), ring.state);
});

test("an access code ends at its time, to the millisecond, and while it is disabled", (t) => {
  const ring = start();
  ring.run("addCode", newCode("c1", 10, ring.nowMs + 1_000));
  ring.run("changeCode", { codeId: "1", isActive: false });
  t.throws(() => ring.run("redeem", { hash: "c1" }), { message: /used up or has expired/ });
  ring.run("changeCode", { codeId: "1", isActive: true });
  ring.nowMs += 999;
  t.notThrows(() => ring.run("redeem", { hash: "c1" }));
  ring.nowMs += 1;
  t.throws(() => ring.run("redeem", { hash: "c1" }), { message: /used up or has expired/ });
  t.throws(() => ring.run("redeem", { hash: "c2" }), { message: /wrong/ });
});

test("the same code twice is a conflict, unless it is a retry", (t) => {
  const ring = start();
  t.deepEqual(ring.run("addCode", newCode("c1", 3)), ring.run("addCode", newCode("c1", 3)));
  t.throws(() => ring.run("addCode", newCode("c1", 4)), { message: /Conflicts/ });
  ring.run("redeem", { hash: "c1" });
  t.throws(() => ring.run("addCode", newCode("c1", 3)), { message: /Conflicts/ });
  t.throws(() => ring.run("addCode", newCode("c2", 0)), { message: /missing or wrong/ });
});
