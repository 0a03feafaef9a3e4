// POST /v1/images/generations (JSON) and /v1/images/edits (multipart). A picture is paid for once: a request whose outcome nobody
// knows is not sent again.
import type { UpstreamTarget } from "../../actors/llm/contract.ts";
import { createPlainReader } from "../../actors/llm/reader.ts";
import type { RelayEnd, RelayRequest, UpstreamBody } from "../../actors/relay/contract.ts";
import { measureImages } from "../../actors/relay/most.ts";
import { isPerhapsDone } from "../../actors/relay/target-walk.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import type { V1Deps } from "../v1-ports.ts";
import { checkCount, checkFlag, maxOf, modelOf, parseBody } from "./body.ts";
import type { V1Caller } from "./caller.ts";
import { bodyForModel } from "./edit-body.ts";
import { type Exchange, invalid } from "./exchange.ts";
import { boundaryOf, fieldsOf, replaceField, textOf } from "./multipart-fields.ts";
import { answerFailure, plainFormat, StreamSink } from "./stream-sink.ts";
import { WholeSink } from "./whole-sink.ts";

type Deps = V1Deps & { clock: Clock };

interface ImageRequest {
  path: "/images/generations" | "/images/edits";
  model: string;
  isStream: boolean;
  measured: { n?: unknown; prompt?: unknown };
  bodyFor(target: UpstreamTarget): UpstreamBody;
}

export async function generateImages(deps: Deps, exchange: Exchange, caller: V1Caller, bytes: Buffer): Promise<void> {
  const body = parseBody(bytes);
  const { value } = body;
  const model = modelOf(value);
  if (typeof value.prompt !== "string" || value.prompt === "") throw invalid("prompt", "a text");
  checkCount(value, "n", maxOf.images);
  await makeImages(deps, exchange, caller, {
    ...{ path: "/images/generations", model, isStream: checkFlag(value, "stream"), measured: value },
    bodyFor: (target) => bodyForModel(body, target.model),
  });
}

/** Files under `image` or `image[]` (both: all of them, in their order), a `mask`, and text fields. */
export async function editImages(deps: Deps, exchange: Exchange, caller: V1Caller, bytes: Buffer): Promise<void> {
  const contentType = exchange.request.headers["content-type"] ?? "";
  const fields = fieldsOf(bytes, boundaryOf(contentType));
  const field = (name: string) => fields.find((each) => each.name === name && !each.isFile);
  const value = (name: string) => {
    const found = field(name);
    return found && textOf(bytes, found);
  };
  if (!fields.some(({ name, isFile }) => isFile && /^image(\[\d*\])?$/.test(name)))
    throw invalid("image", "an image file");
  const prompt = value("prompt");
  if (prompt === undefined || prompt === "") throw invalid("prompt", "a text");
  const model = modelOf({ model: value("model") });
  const n = value("n");
  if (n !== undefined) checkCount({ n: Number(n) }, "n", maxOf.images);
  const modelField = field("model");
  await makeImages(deps, exchange, caller, {
    ...{ path: "/images/edits", model, isStream: value("stream") === "true", measured: { n, prompt } },
    bodyFor: (target) => ({
      bytes: target.model === model || !modelField ? bytes : replaceField(bytes, modelField, target.model),
      contentType,
    }),
  });
}

async function makeImages(
  { relay, directory, limits, clock }: Deps,
  exchange: Exchange,
  { payer, keyLimits }: V1Caller,
  { path, model, isStream, measured, bodyFor }: ImageRequest,
): Promise<void> {
  const targets = await directory.resolve({ payer, surface: "v1", model });
  const request: RelayRequest = {
    ...{ requestId: exchange.requestId, payer, surface: "v1", endpoint: `/v1${path}`, path, model, targets },
    ...(keyLimits && { keyLimits }),
    ...measureImages(measured),
    ...{ isStream, isPaidJob: true, repeats: false },
    ...{ bodyFor, createReader: createPlainReader, signal: exchange.gone },
  };
  const stream = isStream ? new StreamSink(exchange, { clock, limits, format: plainFormat }) : undefined;
  let end: RelayEnd;
  try {
    end = await relay.run(request, stream ?? new WholeSink(exchange));
  } finally {
    stream?.stop();
  }
  const { kind, failure } = end;
  if (kind === "left") return exchange.leave();
  if (failure) {
    // A job that may have run, and is paid for, is not run again under the same Idempotency-Key.
    const isForAnotherTry = failure.kind !== "client" && !isPerhapsDone(failure);
    answerFailure(exchange, { failure, stream, isForAnotherTry });
  } else if (end.whole) exchange.json(200, end.whole.bytes);
  else stream?.complete();
}
