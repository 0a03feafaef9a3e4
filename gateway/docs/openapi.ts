// The description of the API, made from the routes themselves, so that it cannot say anything else than they do.
import type { ValidationRuleObject } from "fastest-validator";
import { errors } from "../../actors/shared/errors.ts";
import type { Rule } from "../input/validate.ts";
import { statusByKind } from "../kit/envelope.ts";
import { apiPrefix, type Route } from "../rest/kit/route.ts";

/** What the reference says of a frame, or of a code with which the server closes. */
export interface FrameDoc {
  readonly type: string;
  readonly from: "client" | "server";
  readonly summary: string;
  readonly answer?: string;
  /** Its fields: as a schema, or in words. */
  readonly data?: JsonSchema | string;
  readonly reason?: string;
  readonly reconnect?: string;
}
export type JsonSchema = { [keyword: string]: unknown };
export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security: { [scheme: string]: string[] }[];
  parameters: { name: string; in: "path" | "query" | "header"; required: boolean; schema: JsonSchema }[];
  requestBody?: { required: boolean; content: { [mediaType: string]: { schema: JsonSchema } } };
  responses: { [status: string]: { description: string; content?: object } };
}
export interface ApiDocument {
  openapi: "3.1.0";
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: { [name: string]: JsonSchema }; securitySchemes: object };
  /** Frames of the WebSocket at /ws, which OpenAPI has no words for. */
  "x-frames": readonly FrameDoc[];
  "x-errors": { name: string; code: string; status: number; message: string }[];
}

export function describeApi(routes: readonly Route[], frames: readonly FrameDoc[], version: string): ApiDocument {
  const paths: ApiDocument["paths"] = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = describeRoute(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Parley",
      version,
      description:
        "Every answer is an envelope {code, message, data, trace_id}; code 0 is success. Times are ms since 1970, ids are " +
        "strings. Changing requests take an Idempotency-Key: the same key gets the first answer again for 10 minutes.",
    },
    servers: [{ url: apiPrefix }],
    paths,
    components: {
      schemas: { Envelope: envelopeSchema },
      securitySchemes: { user: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
    "x-frames": frames,
    "x-errors": Object.entries(errors).map(([name, { code, kind, message }]) => {
      return { name, code, status: statusByKind[kind], message };
    }),
  };
}

function describeRoute(route: Route): Operation {
  const operation: Operation = {
    operationId: operationId(route),
    summary: route.summary,
    tags: [route.path.split("/")[1] ?? ""],
    security: route.auth === "user" ? [{ user: [] }] : [],
    parameters: [...pathParams(route), ...queryParams(route)],
    responses: {
      "200": { description: "success", content: { "application/json": { schema: envelopeRef } } },
      default: { description: "An error of x-errors", content: { "application/json": { schema: envelopeRef } } },
    },
  };
  if (route.method !== "GET") {
    const schema: JsonSchema = { type: "string", minLength: 1, maxLength: 64 };
    operation.parameters.push({ name: "Idempotency-Key", in: "header", required: false, schema });
  }
  if (!route.body) return operation;
  const schema = objectSchema(route.body.shape);
  const required = (schema.required as string[]).length > 0 || route.signedBody !== undefined;
  const mediaType = route.signedBody ?? "application/json";
  return { ...operation, requestBody: { required, content: { [mediaType]: { schema } } } };
}

/** `PUT /sessions/:id/pin` → `putSessionsIdPin`: what generated clients call it. */
function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}

function pathParams(route: Route): Operation["parameters"] {
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");
  return names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}

function queryParams(route: Route): Operation["parameters"] {
  return Object.entries(route.query?.shape ?? {}).map(([name, rule]) => {
    return { name, in: "query", required: !isOptional(rule), schema: ruleSchema(rule) };
  });
}

/** Also for the frame reference: the shape of a validator as JSON Schema. */
export function objectSchema(shape: Readonly<Record<string, Rule>>): JsonSchema & { required: string[] } {
  const fields = Object.entries(shape);
  return {
    type: "object",
    properties: Object.fromEntries(fields.map(([name, rule]) => [name, ruleSchema(rule)])),
    required: fields.filter(([, rule]) => !isOptional(rule)).map(([name]) => name),
  };
}

function isOptional(rule: Rule): boolean {
  return typeof rule !== "string" && "optional" in rule && rule.optional === true;
}

export function ruleSchema(rule: Rule): JsonSchema {
  if (typeof rule === "string") return rule === "any" ? {} : { type: rule };
  return defined(keywordsOf(rule));
}

function keywordsOf(rule: ValidationRuleObject): JsonSchema {
  if (rule.type === "string") {
    const pattern = rule.pattern instanceof RegExp ? rule.pattern.source : rule.pattern;
    return { type: "string", minLength: rule.min, maxLength: rule.max, enum: rule.enum, pattern };
  }
  if (rule.type === "number") {
    return { type: rule.integer ? "integer" : "number", minimum: rule.min, maximum: rule.max };
  }
  if (rule.type === "array") return { type: "array", maxItems: rule.max, items: ruleSchema(rule.items as Rule) };
  if (rule.type === "object") return objectSchema((rule.props ?? {}) as Record<string, Rule>);
  if (rule.type === "record") return { type: "object", additionalProperties: ruleSchema(rule.value as Rule) };
  return rule.type === "boolean" ? { type: "boolean" } : {};
}

function defined(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}

const envelopeRef = { $ref: "#/components/schemas/Envelope" };
const envelopeSchema: JsonSchema = {
  type: "object",
  properties: {
    code: { type: "integer", description: "0, or the number of the error" },
    codeStr: { type: "string", description: "The error's six digits; absent on success" },
    message: { type: "string" },
    data: { description: "The answer, or details of the error" },
    trace_id: { type: "string" },
  },
  required: ["code", "message", "data", "trace_id"],
};
