// The frame reference, made from the tables of frames and close codes.
import { clientFrames } from "../ws/frames.ts";
import { closeCodes } from "../ws/wire/close-codes.ts";
import { type ServerFrame, serverFrames } from "../ws/wire/server-frames.ts";
import { type FrameDoc, objectSchema, ruleSchema } from "./openapi.ts";

export function describeFrames(): FrameDoc[] {
  const fromClient = [...clientFrames.values()].map(({ type, summary, answer, schema }) => {
    return { type, from: "client" as const, summary, answer, data: objectSchema(schema.shape) };
  });
  const fromServer = Object.entries<ServerFrame>(serverFrames).map(([type, { summary, data }]) => {
    return { type, from: "server" as const, summary, data: data && ruleSchema(data) };
  });
  const closes = Object.values(closeCodes).map(({ code, reason, who, reconnect, why }) => {
    return { type: `close ${code}`, from: "server" as const, summary: why, reason, who, reconnect };
  });
  return [...fromClient, ...fromServer, ...closes];
}
