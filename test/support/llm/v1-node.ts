// A whole node whose system provider is a scripted upstream, and a program with an `sk-` key that talks to it.
import type { ExecutionContext } from "ava";
import OpenAI from "openai";
import type { ApiKey } from "../../../actors/keyring/contract.ts";
import { Keyring } from "../../../actors/keyring/contract.ts";
import { createApiKey } from "../../../gateway/auth/api-keys.ts";
import { systemRandom } from "../../../infra/system/random.ts";
import { Person } from "../person.ts";
import { startModelNode } from "./model-node.ts";

export async function startV1(
  t: ExecutionContext,
  { env = {}, limits = {} }: { env?: Record<string, string>; limits?: ApiKey["limits"] } = {},
) {
  // The system's provider needs no OUTBOUND_ALLOW.
  const model = await startModelNode({
    isSystem: true,
    env: { OUTBOUND_ALLOW: "", OPENAI_API_KEY: "system-key-1", ...env },
  });
  t.teardown(() => model[Symbol.asyncDispose]());
  const { upstream, node } = model;
  const owner = await Person.registers(node, "owner");
  const { key, hash, hint } = createApiKey(systemRandom);
  await node.node.actors.get(Keyring, "system").addKey({ hash, hint, ownerId: owner.userId, name: "program", limits });
  const baseUrl = `http://127.0.0.1:${node.port}/v1`;
  const client = new OpenAI({ baseURL: baseUrl, apiKey: key, maxRetries: 0 });
  const post = (path: string, body: unknown, more: { headers?: Record<string, string>; signal?: AbortSignal } = {}) =>
    fetch(`${baseUrl}${path}`, {
      method: "POST",
      body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...more.headers },
      ...(more.signal && { signal: more.signal }),
    });
  const hello = (more: object = {}) => ({ model: "m", messages: [{ role: "user", content: "hello" }], ...more });
  /** A chat as raw text: what a client sees of a stream. */
  const streamed = async (more: object = {}) => {
    const response = await post("/chat/completions", hello({ stream: true, ...more }));
    return { response, text: await response.text() };
  };
  return { node, upstream, owner, key, baseUrl, client, post, hello, streamed };
}
