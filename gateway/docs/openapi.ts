// The OpenAPI document of the REST API, made from the route values, so that it cannot differ from them.
import { type ErrorName, errors } from "../../actors/shared/errors.ts";
import { statusByKind } from "../kit/envelope.ts";
import { apiPrefix, type Route } from "../rest/kit/route.ts";
import { errorsOf } from "./errors-of.ts";
import { createExamples } from "./examples.ts";
import { createSchemas, isOptional, type JsonSchema, type Schemas } from "./json-schema.ts";

interface MediaType {
  schema: JsonSchema;
  example?: unknown;
  /** In a response with an error status: one example per error, by the error's name. */
  examples?: { [errorName: string]: { $ref: string } };
}
type Content = { [mediaType: string]: MediaType };
interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: JsonSchema;
}
export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  security: { [scheme: string]: string[] }[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: { [status: string]: { description: string; content: Content } };
}
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

export function describeApi(routes: readonly Route[], version: string): ApiDocument {
  const schemas: Schemas = { Failure: failureSchema };
  const describe = createDescriber(schemas);
  const paths: ApiDocument["paths"] = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = describe(route);
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
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      examples: errorExamples(),
      securitySchemes: { user: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
    "x-errors": Object.entries(errors).map(([name, { code, kind, message }]) => {
      return { name, code, status: statusByKind[kind], message };
    }),
  };
}

function createDescriber(components: Schemas): (route: Route) => Operation {
  const { schemaOf, objectSchema } = createSchemas(components);
  const requestExample = createExamples(components, false);
  const answerExample = createExamples(components, true);

  return (route) => {
    const operation: Operation = {
      operationId: operationId(route),
      summary: route.summary,
      tags: [tagOf(route)],
      security: route.auth === "user" ? [{ user: [] }] : [],
      parameters: [...pathParams(route), ...queryParams(route), ...headerParams(route)],
      responses: { "200": success(route), ...failures(route) },
    };
    if (route.body) operation.requestBody = requestBody(route, route.body);
    return operation;
  };

  function queryParams({ query }: Route): Parameter[] {
    return Object.entries(query?.shape ?? {}).map(([name, rule]) => {
      return { name, in: "query", required: !isOptional(rule), schema: schemaOf(rule) };
    });
  }

  function requestBody(route: Route, body: NonNullable<Route["body"]>): NonNullable<Operation["requestBody"]> {
    if (route.signedBody !== undefined) {
      return { required: true, content: { [route.signedBody]: { schema: { type: "object" } } } };
    }
    const schema = objectSchema(body.shape);
    const example = body.example ?? requestExample(schema);
    const required = Object.values(body.shape).some((rule) => !isOptional(rule));
    return { required, content: { "application/json": { schema, example } } };
  }

  function success(route: Route): Operation["responses"][string] {
    const data = schemaOf(route.answers);
    const schema: JsonSchema = {
      type: "object",
      properties: { code: { type: "integer", enum: [0] }, message: { type: "string" }, data, trace_id: traceId },
      required: ["code", "message", "data", "trace_id"],
      additionalProperties: false,
    };
    const example = { code: 0, message: "success", data: answerExample(data), trace_id: exampleTraceId };
    return { description: "success", content: { "application/json": { schema, example } } };
  }
}

/** One response per status, with an example for each error of the route that has this status. */
function failures(route: Route): Operation["responses"] {
  const byStatus = Map.groupBy(errorsOf(route), (name) => statusByKind[errors[name].kind]);
  const sorted = [...byStatus].toSorted(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([status, names]) => [String(status), failure(names)]));
}

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

/** The method's name in generated clients: `PUT /sessions/:id/pin` → `putSessionsIdPin`. */
function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}

function pathParams(route: Route): Parameter[] {
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");
  return names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
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
