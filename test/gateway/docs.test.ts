// The documents are made from routes and frames; independent validators judge them, and each example is tried.

import asyncApi from "@asyncapi/specs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import test, { type ExecutionContext } from "ava";
import { describeSocket } from "../../gateway/docs/asyncapi.ts";
import { describeApi } from "../../gateway/docs/openapi.ts";
import { renderDocs } from "../../gateway/pages/docs.ts";
import type { Route } from "../../gateway/rest/kit/route.ts";
import { routes } from "../../gateway/rest/routes.ts";
import { surfaceRoutes } from "../../gateway/surfaces/routes.ts";
import { v1Routes } from "../../gateway/v1/routes.ts";
import { clientFrames } from "../../gateway/ws/frames.ts";

const api = describeApi(routes, "0.1.0", [...surfaceRoutes, ...v1Routes]);
const socket = describeSocket("0.1.0");
/** As a client gets them. */
const plain = <T>(document: T): T => JSON.parse(JSON.stringify(document));

test("/openapi.json is valid OpenAPI 3.1", async (t) => {
  const result = await new Validator().validate(plain(api) as never);
  t.deepEqual(result.errors ?? [], []);
  t.true(result.valid);
});

test("paths are below the document's server, success says what it brings, and any other answer is an error", (t) => {
  t.is(api.servers[0]?.url, "/api/v1");
  for (const { method, path } of routes) {
    const operation = api.paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    t.is(operation?.servers, undefined, path);
    t.deepEqual(operation?.responses.default?.content?.["application/json"]?.schema, {
      $ref: "#/components/schemas/Failure",
    });
    const success = operation?.responses["200"]?.content?.["application/json"]?.schema;
    if (success) t.true((success.required as string[]).includes("data"), path);
  }
  const surfaces = Object.values(api.paths).flatMap((methods) =>
    Object.values(methods).filter(({ servers }) => servers),
  );
  t.is(surfaces.length, surfaceRoutes.length + v1Routes.length);
});

test("/asyncapi.json is valid AsyncAPI 3.0", (t) => {
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(asyncApi.schemasWithoutId["3.0.0"]);
  validate(plain(socket));
  t.deepEqual(validate.errors ?? [], []);
});

test("every example is one: of a body, an answer, a frame", (t) => {
  const documents = { api: plain(api), socket: plain(socket) };
  const ajv = new Ajv2020({ strict: false });
  for (const [name, document] of Object.entries(documents)) ajv.addSchema(document, name);
  const check = (pointer: string, example: unknown) => {
    const validate = ajv.compile({ $ref: pointer });
    t.true(validate(example), `${pointer}: ${ajv.errorsText(validate.errors)} ${JSON.stringify(example)}`);
  };
  for (const [path, methods] of Object.entries(documents.api.paths)) {
    for (const [method, { requestBody, responses }] of Object.entries(methods)) {
      const at = `api#/paths/${encodeURIComponent(path.replaceAll("/", "~1"))}/${method}`;
      for (const [type, { example }] of Object.entries(requestBody?.content ?? {})) {
        if (type === "application/json") check(`${at}/requestBody/content/application~1json/schema`, example);
      }
      for (const [status, { content }] of Object.entries(responses)) {
        const { example, examples = {} } = content?.["application/json"] ?? {};
        const named = Object.entries(examples).map(([error, each]) =>
          "value" in each ? each.value : documents.api.components.examples[error]?.value,
        );
        const values = example === undefined ? named : [example];
        for (const value of values) check(`${at}/responses/${status}/content/application~1json/schema`, value);
      }
    }
  }
  for (const [id, { examples }] of Object.entries(documents.socket.components.messages)) {
    for (const { payload } of examples) check(`socket#/components/messages/${id}/payload`, payload);
  }
});

test("what a client may send as the example says is taken by the schema that the server has", (t) => {
  for (const route of routes) {
    takesExample(t, route, route.path);
  }
  const own = new Set(routes.map(({ path }) => path.replace(/:\w+/g, "{}")));
  for (const route of [...surfaceRoutes, ...v1Routes]) {
    const isTaken = own.has(route.path.replace(/:\w+/g, "{}"));
    takesExample(t, route, isTaken ? `/compat/${route.surfaces[0].name}${route.path}` : route.path);
  }
  for (const { type, schema } of clientFrames.values()) {
    const message = socket.components.messages[`client.${type}`]!;
    const [example] = message.examples as { payload: { data: object } }[];
    t.notThrows(() => schema.parse(plain(example!.payload.data)), type);
  }
});

test("the page shows every route and frame with fields, example, answer and errors, and runs no script", (t) => {
  const page = renderDocs(api, socket);
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const { servers } of Object.values(methods)) {
      const served = servers ? path : `/api/v1${path}`;
      t.true(page.includes(`<code>${served}</code>`), served);
    }
  }
  for (const { title } of Object.values(socket.components.messages))
    t.true(page.includes(`<code>${title}</code>`), title);
  for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) t.true(page.includes(`id="${id}"`), id);
  t.notRegex(page, /<script|<link|<img|@import|url\(|(?:href|src)="https?:/);
});

test("text from a description cannot become markup", (t) => {
  const evil = { ...api, info: { ...api.info, description: "<b onclick=x>" } };
  t.false(renderDocs(evil, socket).includes("<b onclick"));
});

function takesExample(
  t: ExecutionContext,
  { method, body }: Pick<Route, "body"> & { method: string },
  path: string,
): void {
  const described = api.paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
  t.truthy(described, `${method} ${path}`);
  const example = described?.requestBody?.content["application/json"]?.example;
  if (body && example !== undefined) t.notThrows(() => body.parse(plain(example)), path);
}
