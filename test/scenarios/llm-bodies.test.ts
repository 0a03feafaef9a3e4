// Large bodies to /v1, just below and just above the limit, in each way in which a client may send them; and one access code that
// many redeem at once.
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text as textOf } from "node:stream/consumers";
import test from "ava";
import { startV1 } from "../support/llm/v1-node.ts";
import { SurfaceClient } from "../support/surface-client.ts";

const limitBytes = 2_000_000;
type Way = "with its length" | "chunked" | "after 100-continue";
const ways: readonly Way[] = ["with its length", "chunked", "after 100-continue"];

/** Of 21 inline pictures; as many bytes as asked for. */
function bodyOf(bytes: number): Buffer {
  const part = (data: string) => ({ type: "image_url", image_url: { url: `data:image/png;base64,${data}` } });
  const make = (last: string) => {
    const content = [...Array.from({ length: 20 }, () => part("iVBORw0KGgoA".repeat(1_000))), part(last)];
    return JSON.stringify({ model: "m", messages: [{ role: "user", content }] });
  };
  return Buffer.from(make("A".repeat(bytes - make("").length)));
}

/** `sentBytes`: of the body, before the answer. */
async function send(url: string, key: string, body: Buffer, way: Way) {
  const headers: Record<string, string> = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  if (way !== "chunked") headers["content-length"] = String(body.length);
  if (way === "after 100-continue") headers.expect = "100-continue";
  const sent = request(url, { method: "POST", headers });
  sent.on("error", () => {});
  let sentBytes = 0;
  const write = () => {
    sentBytes = body.length;
    sent.end(body);
  };
  if (way === "after 100-continue") sent.once("continue", write).flushHeaders();
  else write();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const answer = JSON.parse(await textOf(response));
  return { status: response.statusCode, answer, sentBytes };
}

for (const way of ways) {
  test(`a body below the limit goes up as it is, one above it is refused and can be read: ${way}`, async (t) => {
    const { upstream, baseUrl, key, post, hello } = await startV1(t, { env: { MAX_LLM_BODY_BYTES: `${limitBytes}` } });
    const url = `${baseUrl}/chat/completions`;
    const fits = bodyOf(limitBytes);
    t.is(fits.length, limitBytes);
    t.is((await send(url, key, fits, way)).status, 200);
    t.true(upstream.journal[0]?.body.equals(fits));
    for (const tooMuch of [1, limitBytes]) {
      const { status, answer, sentBytes } = await send(url, key, bodyOf(limitBytes + tooMuch), way);
      t.is(status, 413);
      t.is(answer.error.type, "invalid_request_error");
      t.is(typeof answer.error.message, "string");
      if (way === "after 100-continue") t.is(sentBytes, 0, "refused before it is sent");
    }
    t.is(upstream.journal.length, 1);
    t.is((await post("/chat/completions", hello())).status, 200);
  });
}

test("of a hundred who redeem one access code at once, as many get in as it says", async (t) => {
  const login = { username: "root", password: "correct horse battery" };
  const { node } = await startV1(t, { env: { ADMIN_USERNAME: login.username, ADMIN_PASSWORD: login.password } });
  const admin = new SurfaceClient(node);
  admin.token = (await admin.posts("/admin/login", login)).body.token;
  await admin.posts("/admin/access-codes", { code: "welcome-to-all", max_usage: 3 });
  const guest = new SurfaceClient(node);
  const tries = Array.from({ length: 100 }, (_, n) =>
    n % 2 === 0
      ? guest.posts("/api/auth/access-code", { code: "welcome-to-all" })
      : guest.posts("/api/auth/login", { access_code: "welcome-to-all" }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status);
  t.is(statuses.filter((status) => status < 300).length, 3);
  t.is(statuses.filter((status) => status === 410).length, 97);
  const [code] = (await admin.gets("/admin/access-codes")).body;
  t.is(code.usage_count, 3);
});
