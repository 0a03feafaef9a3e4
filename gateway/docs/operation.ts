// An operation of the OpenAPI document, and what every route has of one.
import type { ErrorName } from "../../actors/shared/errors.ts";
import type { JsonSchema } from "./json-schema.ts";

interface MediaType {
  schema: JsonSchema;
  example?: unknown;
  /** In a response with an error status: one example per error, by the error's name. */
  examples?: { [errorName: string]: { $ref: string } | { summary: string; value: unknown } };
}
export type Content = { [mediaType: string]: MediaType };
export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: JsonSchema;
}
export interface Operation {
  operationId: string;
  /** Absent: the path is under the document's own server, the prefix of the IM API. */
  servers?: { url: string }[];
  summary: string;
  tags: string[];
  security: { [scheme: string]: string[] }[];
  parameters: Parameter[];
  requestBody?: RequestBody;
  responses: { [status: string]: Response };
}
export interface RequestBody {
  required: boolean;
  content: Content;
}
interface Response {
  description: string;
  content?: Content;
}

/** One response for each status that an error of `names` has, in the order of the statuses. */
export function failuresByStatus(
  names: readonly ErrorName[],
  statusOf: (name: ErrorName) => number,
  describe: (names: readonly ErrorName[], status: number) => Response,
): Operation["responses"] {
  const sorted = [...Map.groupBy(names, statusOf)].toSorted(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([status, ofStatus]) => [String(status), describe(ofStatus, status)]));
}

/** The method's name in generated clients: `PUT /sessions/:id/pin` → `putSessionsIdPin`. */
export function operationId({ method, path }: { method: string; path: string }): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}

export function pathParams(route: { path: string }): Parameter[] {
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");
  return names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}
