// POST /v1/embeddings. Clients of OpenAI ask for base64 without their users' knowing, so an upstream that ignores or refuses
// the field must not be noticed: a list of numbers would be read as a quarter of a vector.
import type { UpstreamTarget } from "../../actors/llm/contract.ts";
import { createPlainReader } from "../../actors/llm/reader.ts";
import type { BodyTerms, OptionalField, UpstreamBody } from "../../actors/relay/contract.ts";
import type { WholeAnswer } from "../../actors/relay/http-try.ts";
import { measureEmbedding } from "../../actors/relay/most.ts";
import type { V1Deps } from "../v1-ports.ts";
import { type JsonBody, modelOf, parseBody } from "./body.ts";
import type { V1Caller } from "./caller.ts";
import { bodyForModel } from "./edit-body.ts";
import { type Exchange, invalid } from "./exchange.ts";
import { answerFailure } from "./stream-sink.ts";
import { WholeSink } from "./whole-sink.ts";

const encoding: OptionalField = { name: "encoding_format", pattern: /encoding_format|base64/ };

export async function embed(
  { relay, directory }: V1Deps,
  exchange: Exchange,
  { payer, keyLimits }: V1Caller,
  bytes: Buffer,
): Promise<void> {
  const body = parseBody(bytes);
  const model = modelOf(body.value);
  if (body.value.input === undefined || body.value.input === null) throw invalid("input", "a text, texts or tokens");
  const targets = await directory.resolve({ payer, surface: "v1", model });
  const end = await relay.run(
    {
      ...{ requestId: exchange.requestId, payer, surface: "v1", endpoint: "/v1/embeddings", path: "/embeddings" },
      ...{ model, targets },
      ...(keyLimits && { keyLimits }),
      ...measureEmbedding(body.value),
      ...{ isStream: false, isPaidJob: false, repeats: false },
      bodyFor: (target, terms) => bodyFor(body, target, terms),
      createReader: createPlainReader,
      signal: exchange.gone,
    },
    new WholeSink(exchange),
  );
  if (end.kind === "left") return exchange.leave();
  if (end.failure) return answerFailure(exchange, { failure: end.failure });
  if (end.whole) exchange.json(200, encoded(end.whole, body.value.encoding_format === "base64"));
}

function bodyFor(body: JsonBody, target: UpstreamTarget, { isRefused }: BodyTerms): UpstreamBody {
  const isSent = body.value.encoding_format === "base64";
  if (!isSent) return bodyForModel(body, target.model);
  if (isRefused("encoding_format")) return bodyForModel(body, target.model, { encoding_format: undefined });
  return { ...bodyForModel(body, target.model), optional: encoding };
}

/** In the encoding that the client asked for; as it came, where the upstream did so. */
function encoded({ bytes, json }: WholeAnswer, isBase64: boolean): Uint8Array | string {
  const { data } = json as { data?: unknown };
  if (!Array.isArray(data) || data.every((each) => (typeof each?.embedding === "string") === isBase64)) return bytes;
  const rows = data.map((each: { embedding?: unknown }) => ({
    ...each,
    embedding: converted(each.embedding, isBase64),
  }));
  return JSON.stringify({ ...(json as object), data: rows });
}

function converted(embedding: unknown, isBase64: boolean): unknown {
  if (Array.isArray(embedding) && isBase64) return Buffer.from(new Float32Array(embedding).buffer).toString("base64");
  if (typeof embedding !== "string" || isBase64) return embedding;
  const bytes = Buffer.from(embedding, "base64");
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, n) => bytes.readFloatLE(n * 4));
}
