import test from "ava";
import { endReasonOf, errorFields, failureOf, seenOf, withoutSecret } from "../../actors/llm/failure.ts";

const kindOf = (status: number, body: unknown = {}) => failureOf(status, errorFields(body)).kind;

test("a status says whose fault it was", (t) => {
  for (const status of [400, 404, 405, 413, 415, 422]) t.is(kindOf(status), "client", String(status));
  for (const status of [402, 429]) t.is(kindOf(status), "rate_limited", String(status));
  for (const status of [408, 409, 500, 502, 503, 504, 529]) t.is(kindOf(status), "server_error", String(status));
  t.is(kindOf(401), "unauthorized");
  t.is(kindOf(403), "forbidden");
  t.is(seenOf(failureOf(400, {})), "ok");
  t.is(endReasonOf(failureOf(500, {})), "refused");
});

test("inside a 200 stream the error's own fields say it", (t) => {
  const cases: [unknown, string, number][] = [
    [{ error: { code: 400, message: "too long" } }, "client", 400],
    [{ error: { code: "context_length_exceeded", message: "too long" } }, "client", 400],
    [{ error: { code: 429, message: "slow down" } }, "rate_limited", 429],
    [{ error: { code: null, type: "overloaded_error", message: "busy" } }, "server_error", 503],
    [{ error: { type: "insufficient_quota", message: "no money" } }, "rate_limited", 429],
    [{ type: "error", code: "insufficient_quota", message: "no money" }, "rate_limited", 429],
    [{ error: "something" }, "server_error", 500],
    [{ error: { message: "x", status: 503 } }, "server_error", 503],
  ];
  for (const [body, kind, status] of cases) {
    const failure = failureOf(200, errorFields(body));
    t.deepEqual([failure.kind, failure.status], [kind, status], JSON.stringify(body));
  }
  t.is(failureOf(200, errorFields(cases[0]?.[0])).message, "too long");
});

test("errors have messages in many places", (t) => {
  t.is(errorFields({ detail: "no" }).message, "no");
  t.is(errorFields({ message: "no" }).message, "no");
  t.is(errorFields("no").message, undefined);
  t.deepEqual(errorFields(null), {});
});

test("a key that an upstream repeats leaves nowhere", (t) => {
  const key = "up-abcdef1234567890";
  t.is(withoutSecret(`Incorrect key ${key}, see sk-proj-12345678****wxyz`, key), "Incorrect key [key], see [key]");
  t.is(
    withoutSecret(`ends in ${key.slice(-12)}, or begins ${key.slice(0, 14)}…`, key),
    "ends in [key], or begins [key]…",
  );
  t.is(withoutSecret("sk-1234567 of 567890", key), "sk-1234567 of 567890", "a hint of a key");
  t.is(withoutSecret("nothing to hide", ""), "nothing to hide");
});
