// Operations of the surfaces: their answers are bare, and their errors have the shape of the surface.
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import type { DescribedSurfaceRoute } from "../surfaces/kit/route.ts";
import { type SurfaceAuth, statusOn } from "../surfaces/kit/surface.ts";
import { errorsOf } from "./errors-of.ts";
import { createExamples } from "./examples.ts";
import { createSchemas, isOptional, type Schemas } from "./json-schema.ts";
import { type Content, type Operation, operationId, pathParams } from "./operation.ts";

const securities: Readonly<Record<SurfaceAuth, Operation["security"]>> = {
  none: [],
  user: [{ user: [] }],
  key: [{ key: [] }, { user: [] }],
  admin: [{ user: [] }, { admin: [] }],
};

export function createSurfaceDescriber(components: Schemas): (route: DescribedSurfaceRoute) => Operation {
  const { schemaOf, objectSchema } = createSchemas(components);
  const requestExample = createExamples(components, false);

  return (route) => {
    const [{ name, title }] = route.surfaces;
    const id = operationId(route);
    const operation: Operation = {
      operationId: name + id[0]!.toUpperCase() + id.slice(1),
      ...{ summary: route.summary, tags: [title], security: securities[route.auth] },
      parameters: [...pathParams(route), ...queryParams(route)],
      responses: { [String(route.status)]: success(route), ...failures(route) },
    };
    const body = requestBody(route);
    if (body) operation.requestBody = body;
    return operation;
  };

  function queryParams({ query }: DescribedSurfaceRoute): Operation["parameters"] {
    return Object.entries(query?.shape ?? {}).map(([name, rule]) => {
      return { name, in: "query", required: !isOptional(rule), schema: schemaOf(rule) };
    });
  }

  function requestBody({ body, reads, method }: DescribedSurfaceRoute): Operation["requestBody"] {
    if (method === "GET") return undefined;
    if (reads === "stream")
      return { required: true, content: { "multipart/form-data": { schema: { type: "object" } } } };
    if (reads === "bytes") {
      const example = body?.example ?? {};
      return { required: true, content: { "application/json": { schema: objectSchema(body?.shape ?? {}), example } } };
    }
    if (!body) return undefined;
    const schema = objectSchema(body.shape);
    const required = Object.values(body.shape).some((rule) => !isOptional(rule));
    const example = body.example ?? requestExample(schema);
    return { required, content: { "application/json": { schema, example } } };
  }

  function success({ answers, status }: DescribedSurfaceRoute): Operation["responses"][string] {
    if (status === 204) return { description: "success" };
    const content: Content = { "application/json": { schema: schemaOf(answers) } };
    return { description: "success", content };
  }
}

/** One response per status, with an example for each error of the route that has this status. */
function failures(route: DescribedSurfaceRoute): Operation["responses"] {
  const [surface] = route.surfaces;
  const byStatus = Map.groupBy(errorsOf(route), (name) => statusOn(surface, new DomainError(name)));
  const sorted = [...byStatus].toSorted(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([status, names]) => [String(status), failure(route, status, names)]));
}

function failure({ surfaces: [surface] }: DescribedSurfaceRoute, status: number, names: readonly ErrorName[]) {
  const examples = Object.fromEntries(
    names.map((name) => {
      const error = new DomainError(name);
      return [name, { summary: error.message, value: surface.failure({ error, status, partOf: () => "body" }) }];
    }),
  );
  const content: Content = { "application/json": { schema: {}, examples } };
  return { description: names.join(", "), content };
}
