// Guesses at API keys: each would cost a question to the keyring, so an address has few; the keys that work behind the same
// address go on working.
import test from "ava";
import { createApiKey } from "../../gateway/auth/api-keys.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { startV1 } from "../support/llm/v1-node.ts";

const guesses = 400;

for (const path of ["/v1/models", "/api/models"]) {
  test(`at ${path}, guesses from one address are refused before the keyring is asked, and its key goes on working`, async (t) => {
    const { node, key } = await startV1(t, { env: { RATE_LIMITS: "on" } });
    const ask = async (secret: string) => {
      const headers = { authorization: `Bearer ${secret}` };
      const response = await fetch(`http://127.0.0.1:${node.port}${path}`, { headers });
      await response.text();
      return response;
    };
    t.is((await ask(key)).status, 200);
    const answers = [];
    for (let i = 0; i < guesses; i += 1) answers.push(await ask(createApiKey(systemRandom).key));
    const [first] = answers;
    const last = answers.at(-1);
    t.deepEqual([first?.status, last?.status], [401, 429]);
    t.true(Number(last?.headers.get("retry-after")) >= 1);
    t.is((await ask(key)).status, 200);
  });
}
