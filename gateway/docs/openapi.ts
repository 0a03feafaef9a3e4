// The OpenAPI document of the REST API, made from the route values, so that it cannot differ from them.
import { type ErrorName, errors } from "../../actors/shared/errors.ts";
import { statusByKind } from "../kit/envelope.ts";
import { apiPrefix, type Route } from "../rest/kit/route.ts";
import { adminCookie } from "../surfaces/kit/principal.ts";
import type { DescribedSurfaceRoute } from "../surfaces/kit/route.ts";
import { nothing } from "../wire/shapes/fields.ts";
import { errorsOf } from "./errors-of.ts";
import { createExamples } from "./examples.ts";
import { createInputs } from "./inputs.ts";
import { createSchemas, type JsonSchema, type Schemas } from "./json-schema.ts";
import {
  type Content,
  failuresByStatus,
  type Operation,
  operationId,
  type Parameter,
  pathParams,
} from "./operation.ts";
import { createSurfaceDescriber } from "./surface-operations.ts";

interface ErrorExample {
  summary: string;
  value: { code: number; codeStr: string; message: string; data: null; trace_id: string };
}
export interface ApiDocument {
  openapi: "3.1.0";
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: Schemas; examples: { [errorName: string]: ErrorExample }; securitySchemes: object };
  "x-errors": { name: string; code: string; status: number; message: string }[];
}

export function describeApi(
  routes: readonly Route[],
  version: string,
  surfaceRoutes: readonly DescribedSurfaceRoute[] = [],
): ApiDocument {
  const schemas: Schemas = { Failure: failureSchema };
  const describe = createDescriber(schemas);
  const paths: ApiDocument["paths"] = {};
  const add = ({ path, method }: { path: string; method: string }, operation: Operation) => {
    const shown = shownPath(path);
    paths[shown] ??= {};
    paths[shown][method.toLowerCase()] = operation;
  };
  for (const route of routes) add(route, describe(route));
  const own = new Set(Object.keys(paths));
  const describeSurface = createSurfaceDescriber(schemas);
  for (const route of surfaceRoutes) {
    const path = own.has(shownPath(route.path)) ? compatPathOf(route) : route.path;
    add({ ...route, path }, { ...describeSurface(route), servers: [{ url: "/" }] });
  }
  const surfaceTags = new Set(surfaceRoutes.map(({ surfaces: [{ title }] }) => title));
  return {
    openapi: "3.1.0",
    info: {
      title: "Parley",
      version,
      description:
        "Under /api/v1 every answer is an envelope {code, message, data, trace_id}; code 0 is success. Times are ms since 1970, ids are " +
        "strings. Changing requests take an Idempotency-Key: the same key gets the first answer again for 10 minutes.",
    },
    servers: [{ url: apiPrefix }],
    tags: [...new Set([...routes.map(tagOf), ...surfaceTags])].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      examples: errorExamples(),
      securitySchemes: {
        user: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        key: { type: "http", scheme: "bearer", description: "a key that begins with sk-" },
        admin: { type: "apiKey", in: "cookie", name: adminCookie },
      },
    },
    "x-errors": Object.entries(errors).map(([name, { code, kind, message }]) => {
      return { name, code, status: statusByKind[kind], message };
    }),
  };
}

function shownPath(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}");
}

/** Every path of a surface is served here, too: the plain one may be the name of a path under the API's prefix. */
function compatPathOf({ path, surfaces: [{ name }] }: DescribedSurfaceRoute): string {
  return `/compat/${name}${path}`;
}

/** The path as clients ask for it. */
export function servedPath(path: string, { servers }: Pick<Operation, "servers">): string {
  return servers === undefined ? apiPrefix + path : path;
}

function createDescriber(components: Schemas): (route: Route) => Operation {
  const { schemaOf, objectSchema } = createSchemas(components);
  const { queryParams, jsonBody } = createInputs(components);
  const answerExample = createExamples(components, true);

  return (route) => {
    const failures = failuresByStatus(errorsOf(route), (name) => statusByKind[errors[name].kind], failure);
    const operation: Operation = {
      operationId: operationId(route),
      summary: route.summary,
      tags: [tagOf(route)],
      security: securityOf(route),
      parameters: [...pathParams(route), ...queryParams(route), ...headerParams(route)],
      responses: { "200": success(route), ...failures, default: anyFailure },
    };
    if (route.reads === "stream") operation.requestBody = streamBody(route);
    if (route.body) operation.requestBody = requestBody(route, route.body);
    return operation;
  };

  function requestBody(route: Route, body: NonNullable<Route["body"]>): NonNullable<Operation["requestBody"]> {
    if (route.signedBody !== undefined) {
      return { required: true, content: { [route.signedBody]: { schema: { type: "object" } } } };
    }
    return jsonBody(body);
  }

  function streamBody({ form }: Route): NonNullable<Operation["requestBody"]> {
    const bytes: JsonSchema = { type: "string", format: "binary" };
    if (!form) return { required: true, content: { "application/octet-stream": { schema: bytes } } };
    const fields = objectSchema(form.shape);
    const schema = { ...fields, properties: { ...(fields.properties as object), file: bytes } };
    return { required: true, content: { "multipart/form-data": { schema } } };
  }

  function success(route: Route): Operation["responses"][string] {
    if (route.sendsBytes) return bytesAnswer;
    const data = schemaOf(route.answers);
    const schema: JsonSchema = {
      type: "object",
      properties: { code: { type: "integer", enum: [0] }, message: { type: "string" }, data, trace_id: traceId },
      required: ["code", "message", "data", "trace_id"],
      additionalProperties: false,
    };
    const example = { code: 0, message: "success", data: answerExample(data), trace_id: exampleTraceId };
    const content: Content = Object.fromEntries(
      (route.pictures ?? []).map((mediaType) => [mediaType, { schema: { type: "string", format: "binary" } }]),
    );
    const isPicture = route.pictures !== undefined && route.answers === nothing;
    if (!isPicture) content["application/json"] = { schema, example };
    return { description: "success", content };
  }
}

const anyFailure = {
  description: "any other error",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Failure" } } },
};

const bytesAnswer = {
  description: "the bytes; a part of them (206) for a Range",
  content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
} as const;

function securityOf({ auth }: Route): Operation["security"] {
  if (auth === "none") return [];
  return auth === "user" ? [{ user: [] }] : [{}, { user: [] }];
}

/** With an example for each error. */
function failure(names: readonly ErrorName[]): Operation["responses"][string] {
  const examples = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/examples/${name}` }]));
  const description = names.map((name) => errors[name].code).join(", ");
  const schema = { $ref: "#/components/schemas/Failure" };
  return { description, content: { "application/json": { schema, examples } } };
}

function errorExamples(): ApiDocument["components"]["examples"] {
  return Object.fromEntries(
    Object.entries(errors).map(([name, { code, message }]) => {
      const value = { code: Number(code), codeStr: code, message, data: null, trace_id: exampleTraceId };
      return [name, { summary: message, value }];
    }),
  );
}

function tagOf({ path }: Route): string {
  return path.split("/")[1] ?? "";
}

function headerParams({ method }: Route): Parameter[] {
  if (method === "GET") return [];
  const schema: JsonSchema = { type: "string", minLength: 1, maxLength: 64, pattern: "^[\\x21-\\x7e]+$" };
  return [{ name: "Idempotency-Key", in: "header", required: false, schema }];
}

const exampleTraceId = "4bf92f3577b34da6";
const traceId: JsonSchema = { type: "string", description: "names the request in the log" };
const failureSchema: JsonSchema = {
  type: "object",
  properties: {
    code: { type: "integer", minimum: 1, description: "the number of the error" },
    codeStr: { type: "string", minLength: 6, maxLength: 6, description: "its six digits" },
    message: { type: "string" },
    data: { description: "details of the error, or null" },
    trace_id: traceId,
  },
  required: ["code", "codeStr", "message", "data", "trace_id"],
  additionalProperties: false,
};
