// The AsyncAPI document of the WebSocket, made from the tables of frames and close codes. As AsyncAPI asks, `receive` and
// `send` are seen from the server.
import { type ErrorName, errors } from "../../actors/shared/errors.ts";
import { clientFrames } from "../ws/frames.ts";
import { type CloseCode, closeCodes } from "../ws/wire/close-codes.ts";
import { frameShapes } from "../ws/wire/frame-shapes.ts";
import { serverFrames } from "../ws/wire/server-frames.ts";
import { errorsOfFrame } from "./errors-of.ts";
import { createExamples } from "./examples.ts";
import { createSchemas, type JsonSchema, type Schemas } from "./json-schema.ts";

interface Ref {
  $ref: string;
}
export interface Message {
  name: string;
  title: string;
  summary: string;
  payload: JsonSchema;
  examples: { payload: unknown }[];
}
export interface SocketOperation {
  action: "receive" | "send";
  channel: Ref;
  summary: string;
  messages: Ref[];
  reply?: { channel: Ref; messages: Ref[] };
  "x-errors"?: { code: string; name: ErrorName; message: string }[];
}
export interface SocketDocument {
  asyncapi: "3.0.0";
  info: { title: string; version: string; description: string };
  defaultContentType: "application/json";
  servers: object;
  channels: { socket: { address: string; messages: { [id: string]: Ref }; [more: string]: unknown } };
  operations: { [id: string]: SocketOperation };
  components: { messages: { [id: string]: Message }; schemas: Schemas };
  "x-close-codes": readonly CloseCode[];
}

const channel: Ref = { $ref: "#/channels/socket" };
/** Client and server frames have ids of their own, so that a type may occur on both sides. */
const clientId = (type: string) => `client.${type}`;

export function describeSocket(version: string): SocketDocument {
  const schemas: Schemas = {};
  const fromClient = clientMessages(schemas);
  const fromServer = serverMessages(schemas);
  const messages = Object.fromEntries([...fromClient, ...fromServer]);
  const answersOf = (type: string) => [...fromServer.keys()].filter((id) => messages[id]?.name === type).map(inChannel);
  const operations: SocketDocument["operations"] = {};
  for (const frame of clientFrames.values()) {
    const answers = frame.answers.flatMap(answersOf);
    operations[`receive.${frame.type}`] = {
      action: "receive",
      channel,
      summary: frame.summary,
      messages: [inChannel(clientId(frame.type))],
      reply: { channel, messages: [...answers, inChannel("ERROR")] },
      "x-errors": errorsOfFrame(frame).map((name) => ({
        code: errors[name].code,
        name,
        message: errors[name].message,
      })),
    };
  }
  for (const [type, { summary }] of Object.entries(serverFrames)) {
    operations[`send.${type}`] = { action: "send", channel, summary, messages: answersOf(type) };
  }
  return {
    asyncapi: "3.0.0",
    info: { title: "Parley WebSocket", version, description },
    defaultContentType: "application/json",
    servers: {
      here: { host: "{host}", protocol: "wss", variables: { host: { default: "127.0.0.1:8080" } } },
    },
    channels: {
      socket: {
        address: "/ws",
        messages: Object.fromEntries(Object.keys(messages).map((id) => [id, { $ref: `#/components/messages/${id}` }])),
        bindings: { ws: { method: "GET", query: urlQuery, bindingVersion: "0.1.0" } },
      },
    },
    operations,
    components: { messages, schemas },
    "x-close-codes": Object.values(closeCodes),
  };
}

function inChannel(id: string): Ref {
  return { $ref: `#/channels/socket/messages/${id}` };
}

function clientMessages(schemas: Schemas): Map<string, Message> {
  const { objectSchema } = createSchemas(schemas);
  const exampleOf = createExamples(schemas, false);
  return new Map(
    [...clientFrames.values()].map(({ type, summary, schema }) => {
      const data = objectSchema(schema.shape);
      const properties = { type: { type: "string", enum: [type] }, msgId: { type: "string", maxLength: 64 }, data };
      const needsData = (data.required as string[]).length > 0;
      const payload = { type: "object", properties, required: needsData ? ["type", "data"] : ["type"] };
      const example = { type, msgId: "c0ffee-1", data: schema.example ?? exampleOf(data) };
      return [clientId(type), { name: type, title: type, summary, payload, examples: [{ payload: example }] }];
    }),
  );
}

/** A NOTIFICATION type with several payloads has a message for each: `NOTIFICATION.group.muted.2` is the second. */
function serverMessages(schemas: Schemas): Map<string, Message> {
  const { schemaOf } = createSchemas(schemas);
  const exampleOf = createExamples(schemas, true);
  const messages = new Map<string, Message>();
  for (const { type, notification, summary, shape } of frameShapes) {
    const title = notification === undefined ? type : `${type} ${notification}`;
    const name = title.replace(" ", ".");
    const id = messages.has(name) ? `${name}.2` : name;
    const payload = schemaOf(shape);
    messages.set(id, { name: type, title, summary, payload, examples: [{ payload: exampleOf(payload) }] });
  }
  return messages;
}

const description =
  "Frames are JSON: {type, msgId?, timestamp, data}. Fields of client frames stand in `data`; where a frame has no `data` " +
  "they are read beside `type`. An answer carries the msgId of the frame that it answers; a refusal is ERROR.";

const urlQuery: JsonSchema = {
  type: "object",
  properties: {
    token: {
      type: "string",
      description: "the access token; else the subprotocol header or the first frame brings it",
    },
    deviceId: { type: "string" },
    platform: { type: "string" },
    sync: {
      type: "string",
      enum: ["client"],
      description: "nothing missed is pushed at connect: the client sends SYNC",
    },
    cursor: { type: "integer", minimum: 0, description: "the newest cursor that this device holds" },
  },
};
