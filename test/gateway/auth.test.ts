// Signatures and trace ids against the examples of their standards.
import { createSecretKey } from "node:crypto";
import test from "ava";
import { encodePart, isSignedHs256, signHs256 } from "../../gateway/auth/jws.ts";
import { traceIdOf } from "../../gateway/kit/trace.ts";
import { aliceId, secret, startEdge } from "./rest-edge.ts";

// RFC 7515, appendix A.1.
const rfc7515 = {
  key: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
  input:
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
  signature: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
};

test("a token is signed as RFC 7515 signs its example", (t) => {
  const key = createSecretKey(Buffer.from(rfc7515.key, "base64url"));
  const { input, signature } = rfc7515;
  t.is(signHs256(input, key), signature);
  t.true(isSignedHs256(input, signature, key));
  t.false(isSignedHs256(`${input}A`, signature, key));
  t.false(isSignedHs256(input, signature.slice(0, -4), key));
  t.false(isSignedHs256(input, "", key));
  t.is(encodePart({ iss: "joe" }), Buffer.from('{"iss":"joe"}').toString("base64url"));
});

test("an access token is a JWS that anybody with the secret can check", async (t) => {
  await using edge = await startEdge();
  const [header = "", payload = "", signature = ""] = edge.tokenOf(aliceId).split(".");
  const key = createSecretKey(secret);
  t.true(isSignedHs256(`${header}.${payload}`, signature, key));
  t.deepEqual(JSON.parse(Buffer.from(header, "base64url").toString()), { alg: "HS256", typ: "JWT", kid: "new" });
  t.like(JSON.parse(Buffer.from(payload, "base64url").toString()), { sub: aliceId, did: "d1", dev: "Web" });
});

test("a request keeps its trace id, by X-Trace-Id or by traceparent", async (t) => {
  await using edge = await startEdge();
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"; // the example of W3C Trace Context
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const answered = async (headers: Record<string, string>) =>
    (await edge.ask("GET", "/health", { headers })).headers.get("x-trace-id");
  t.is(await answered({ traceparent }), traceId);
  t.is(await answered({ traceparent, "x-trace-id": "mine" }), "mine");
  t.is(await answered({ "x-trace-id": "free text!", traceparent }), traceId);
});

test("a traceparent that is not valid is not used", (t) => {
  const fresh = { hex: () => "fresh" } as never;
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const of = (traceparent: string) => traceIdOf({ traceId: "", traceparent }, fresh);
  t.is(of(`01-${traceId}-00f067aa0ba902b7-01-more`), traceId, "a later version");
  for (const invalid of [
    "",
    `ff-${traceId}-00f067aa0ba902b7-01`,
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId}-00f067aa0ba902b7-01-more`,
    `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`,
  ]) {
    t.is(of(invalid), "fresh", invalid);
  }
});
