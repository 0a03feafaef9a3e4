// From the bytes of a client's frame to its handler: parse, look up, check the shape, handle, answer.
import { DomainError } from "../../actors/shared/errors.ts";
import { readJson } from "../input/json.ts";
import type { GatewayMetrics } from "../ports.ts";
import type { ClientFrame, FrameDeps, Incoming, OkData } from "./frames/client-frame.ts";
import { clientFrames } from "./frames.ts";
import type { Client } from "./intake/client.ts";
import type { Handshake } from "./user/handshake.ts";
import { closeCodes } from "./wire/close-codes.ts";
import { encodeFrame } from "./wire/encode.ts";

const maxMsgIdLength = 64;

export class Dispatch {
  #deps: FrameDeps;
  #handshake: Handshake;
  #metrics: Pick<GatewayMetrics, "frameIn">;

  constructor(deps: FrameDeps, handshake: Handshake, metrics: Pick<GatewayMetrics, "frameIn">) {
    this.#deps = deps;
    this.#handshake = handshake;
    this.#metrics = metrics;
  }

  receive(client: Client, data: Buffer): void {
    let msgId: string | undefined;
    try {
      const { frame, refusal } = this.#read(data);
      msgId = msgIdOf(frame);
      if (refusal) throw refusal;
      if (client.state.kind === "connecting") {
        this.#authenticate(client, frame);
        return;
      }
      const { type } = frame;
      const definition = typeof type === "string" ? clientFrames.get(type) : undefined;
      if (!definition)
        throw malformed(typeof type === "string" ? `unknown type ${type.slice(0, 40)}` : "type is no text");
      this.#metrics.frameIn(definition.type);
      this.#handle(definition, { client, body: bodyOf(frame, definition), msgId, sizeBytes: data.length });
    } catch (thrown) {
      this.#fail(client, thrown, msgId);
    }
  }

  #handle(definition: ClientFrame, incoming: Incoming<unknown>): void {
    const { client, msgId } = incoming;
    const outcome = definition.handle(incoming, this.#deps);
    if (outcome instanceof Promise) {
      client.inService += 1;
      outcome
        .then(
          (data) => this.#confirm(definition, incoming, data ?? undefined),
          (thrown: unknown) => this.#fail(client, thrown, msgId),
        )
        .finally(() => {
          client.inService -= 1;
        });
    } else this.#confirm(definition, incoming);
  }

  #confirm(definition: ClientFrame, { client, msgId }: Incoming<unknown>, data?: OkData): void {
    if (!definition.answers.includes("OK")) return;
    client.send(encodeFrame("OK", data, { msgId, timestamp: this.#deps.clock.nowMs() }));
  }

  #fail(client: Client, thrown: unknown, msgId: string | undefined): void {
    if (client.isClosing) return;
    client.sendError(thrown, msgId);
    if (!(thrown instanceof DomainError) || thrown.error !== "gateway.malformed") return;
    client.malformedFrames += 1;
    if (client.malformedFrames > this.#deps.limits.maxMalformedFrames) client.close(closeCodes.malformed);
  }

  #read(data: Buffer): { frame: RawFrame; refusal?: DomainError } {
    const { maxFrameBytes, maxJsonDepth } = this.#deps.limits;
    // `ws` has checked that the text is UTF-8.
    const { value, refusal } = readJson(data.toString("utf8"), { maxBytes: maxFrameBytes, maxDepth: maxJsonDepth });
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("not an object");
    return { frame: value as RawFrame, refusal };
  }

  /** AUTH is the only frame of a socket without a token. */
  #authenticate(client: Client, frame: RawFrame): void {
    const { token, deviceId, platform } = (frame.data ?? frame) as Record<string, unknown>;
    if (frame.type === "AUTH" && typeof token === "string") {
      const claim = { deviceId: textOf(deviceId), platform: textOf(platform) };
      void this.#handshake.run(client, { token, claim });
    } else this.#handshake.refuse(client, new DomainError("auth.token_invalid"));
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

type RawFrame = Record<string, unknown>;

function msgIdOf(frame: RawFrame): string | undefined {
  const { msgId } = frame;
  return typeof msgId === "string" && msgId.length <= maxMsgIdLength ? msgId : undefined;
}

/** Fields stand in `data`. A frame without `data` has them at top level: MESSAGE_ACK and AUTH are documented that way. */
function bodyOf(frame: RawFrame, { schema }: ClientFrame): unknown {
  try {
    return schema.parse(frame.data ?? frame);
  } catch (thrown) {
    if (!(thrown instanceof DomainError)) throw thrown;
    throw new DomainError("gateway.malformed", { details: thrown.details, cause: thrown });
  }
}

function malformed(reason: string): DomainError {
  return new DomainError("gateway.malformed", { details: { reason } });
}
