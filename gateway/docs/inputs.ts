// What an operation takes: parameters of its query, and a JSON body.
import type { Validator } from "../input/validate.ts";
import { createExamples } from "./examples.ts";
import { createSchemas, isOptional, type Schemas } from "./json-schema.ts";
import type { Parameter, RequestBody } from "./operation.ts";

type Described = Pick<Validator<unknown>, "shape" | "example">;

/** Schemas with a title go into `components`. */
export function createInputs(components: Schemas) {
  const { schemaOf, objectSchema } = createSchemas(components);
  const exampleOf = createExamples(components, false);
  return {
    queryParams: ({ query }: { query?: Described }): Parameter[] =>
      Object.entries(query?.shape ?? {}).map(([name, rule]) => {
        return { name, in: "query", required: !isOptional(rule), schema: schemaOf(rule) };
      }),
    jsonBody({ shape, example }: Described): RequestBody {
      const schema = objectSchema(shape);
      const required = Object.values(shape).some((rule) => !isOptional(rule));
      return { required, content: { "application/json": { schema, example: example ?? exampleOf(schema) } } };
    },
  };
}
