// From bytes to a handler: parse, look up, check the shape, handle, answer.
import { DomainError } from "../../actors/shared/errors.ts";
import { readJson } from "../input/json.ts";
import { clientFrames } from "./frames.ts";
import type { ClientFrame, Incoming } from "./socket/client-frame.ts";
import type { Connection } from "./socket/connection.ts";
import { greet, refuse } from "./user/hello.ts";
import { closeCodes } from "./wire/close-codes.ts";
import { encodeFrame } from "./wire/encode.ts";

const maxMsgIdLength = 64;

export function dispatch(connection: Connection, data: Buffer): void {
  let incoming: Incoming | undefined;
  try {
    const { frame, refusal } = readFrame(connection, data);
    incoming = { msgId: msgIdOf(frame), sizeBytes: data.length };
    if (refusal) throw refusal;
    if (connection.state === "connecting") {
      authenticate(connection, frame);
      return;
    }
    const definition = clientFrames.get(String(frame.type));
    if (!definition) throw malformed(`unknown type ${String(frame.type).slice(0, 40)}`);
    connection.edge.deps.metrics.frameIn(definition.type);
    handle(connection, definition, bodyOf(frame, definition), incoming);
  } catch (thrown) {
    fail(connection, thrown, incoming?.msgId);
  }
}

function handle(connection: Connection, definition: ClientFrame, body: unknown, incoming: Incoming): void {
  const outcome = definition.handle(connection, body, incoming);
  if (outcome instanceof Promise) {
    outcome.then(
      () => confirm(connection, definition, incoming.msgId),
      (thrown: unknown) => fail(connection, thrown, incoming.msgId),
    );
  } else confirm(connection, definition, incoming.msgId);
}

function confirm(connection: Connection, definition: ClientFrame, msgId: string | undefined): void {
  if (definition.answer !== "OK") return;
  const timestamp = connection.edge.deps.clock.nowMs();
  connection.send(encodeFrame("OK", undefined, { msgId, timestamp }));
}

function fail(connection: Connection, thrown: unknown, msgId: string | undefined): void {
  if (connection.state === "closing") return;
  connection.sendError(thrown, msgId);
  if (!(thrown instanceof DomainError) || thrown.error !== "gateway.malformed") return;
  connection.malformed += 1;
  if (connection.malformed > connection.edge.deps.limits.maxMalformedFrames) connection.close(closeCodes.malformed);
}

type RawFrame = Record<string, unknown>;

function readFrame(connection: Connection, data: Buffer): { frame: RawFrame; refusal?: DomainError } {
  const { maxFrameBytes, maxJsonDepth } = connection.edge.deps.limits;
  // ws has checked that text is UTF-8.
  const { value, refusal } = readJson(data.toString("utf8"), { maxBytes: maxFrameBytes, maxDepth: maxJsonDepth });
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("not an object");
  return { frame: value as RawFrame, refusal };
}

function msgIdOf(frame: RawFrame): string | undefined {
  const { msgId } = frame;
  return typeof msgId === "string" && msgId.length <= maxMsgIdLength ? msgId : undefined;
}

/** Fields stand in `data`; where a frame has none they are read at top level, as the seed writes MESSAGE_ACK. */
function bodyOf(frame: RawFrame, { schema }: ClientFrame): unknown {
  try {
    return schema.parse(frame.data ?? frame);
  } catch (thrown) {
    if (!(thrown instanceof DomainError)) throw thrown;
    throw new DomainError("gateway.malformed", { details: thrown.details, cause: thrown });
  }
}

/** The only frame of an unauthenticated socket. */
function authenticate(connection: Connection, frame: RawFrame): void {
  const { token } = (frame.data ?? frame) as { token?: unknown };
  if (frame.type === "AUTH" && typeof token === "string") void greet(connection, token);
  else refuse(connection, new DomainError("auth.token_invalid"));
}

function malformed(reason: string): DomainError {
  return new DomainError("gateway.malformed", { details: { reason } });
}
