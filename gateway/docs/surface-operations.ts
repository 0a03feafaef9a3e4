// Operations of the surfaces: their answers are bare, and their errors have the shape of the surface.
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import type { DescribedSurfaceRoute } from "../surfaces/kit/route.ts";
import { type Surface, type SurfaceAuth, statusOn } from "../surfaces/kit/surface.ts";
import { errorsOf } from "./errors-of.ts";
import { createInputs } from "./inputs.ts";
import { createSchemas, type Schemas } from "./json-schema.ts";
import { type Content, failuresByStatus, type Operation, operationId, pathParams } from "./operation.ts";

const securities: Readonly<Record<SurfaceAuth, Operation["security"]>> = {
  none: [],
  user: [{ user: [] }],
  key: [{ key: [] }, { user: [] }],
  admin: [{ user: [] }, { admin: [] }],
};

export function createSurfaceDescriber(components: Schemas): (route: DescribedSurfaceRoute) => Operation {
  const { schemaOf } = createSchemas(components);
  const { queryParams, jsonBody } = createInputs(components);

  return (route) => {
    const [surface] = route.surfaces;
    const { name, title } = surface;
    const failures = failuresByStatus(
      errorsOf(route),
      (error) => statusOn(surface, new DomainError(error)),
      (names, status) => failure(surface, names, status),
    );
    const id = operationId(route);
    const operation: Operation = {
      operationId: name + id[0]!.toUpperCase() + id.slice(1),
      ...{ summary: route.summary, tags: [title], security: securities[route.auth] },
      parameters: [...pathParams(route), ...queryParams(route)],
      responses: { [String(route.status)]: success(route), ...failures },
    };
    const body = requestBody(route);
    if (body) operation.requestBody = body;
    return operation;
  };

  function requestBody({ body, reads, method }: DescribedSurfaceRoute): Operation["requestBody"] {
    if (method === "GET") return undefined;
    if (reads === "stream")
      return { required: true, content: { "multipart/form-data": { schema: { type: "object" } } } };
    if (!body) return undefined;
    const described = jsonBody(body);
    return reads === "bytes" ? { ...described, required: true } : described;
  }

  function success({ answers, status }: DescribedSurfaceRoute): Operation["responses"][string] {
    if (status === 204) return { description: "success" };
    const content: Content = { "application/json": { schema: schemaOf(answers) } };
    return { description: "success", content };
  }
}

/** With an example for each error. */
function failure(surface: Surface, names: readonly ErrorName[], status: number): Operation["responses"][string] {
  const examples = Object.fromEntries(
    names.map((name) => {
      const error = new DomainError(name);
      return [name, { summary: error.message, value: surface.failure({ error, status, partOf: () => "body" }) }];
    }),
  );
  const content: Content = { "application/json": { schema: {}, examples } };
  return { description: names.join(", "), content };
}
