// The validator's rules as JSON Schema, so that shapes are written once and the documents are made from them.
import type { RuleObject } from "../input/compiler.ts";
import type { Rule } from "../input/validate.ts";
import type { Field } from "../wire/shapes/fields.ts";

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}
export type Schemas = Record<string, JsonSchema>;

/** A shape with a title becomes a reference to `#/components/schemas/<title>`, and its schema is added to `components`. */
export function createSchemas(components: Schemas) {
  return { schemaOf, objectSchema };

  function schemaOf(rule: Rule | Field): JsonSchema {
    if (typeof rule === "string") return rule === "any" ? {} : { type: rule };
    const { title, description } = rule as Field;
    const schema =
      title === undefined ? defined({ ...keywordsOf(rule as Field), description }) : refer(title, rule as Field);
    if (!("nullable" in rule && rule.nullable === true) || rule.type === "any" || rule.type === "equal") return schema;
    return { anyOf: [schema, { type: "null" }] };
  }

  function refer(title: string, rule: Field): JsonSchema {
    if (components[title] === undefined) {
      components[title] = {}; // claims the title while its parts are described
      components[title] = defined({ ...keywordsOf(rule), description: rule.description });
    }
    return { $ref: `#/components/schemas/${title}` };
  }

  function keywordsOf(rule: Field): JsonSchema {
    switch (rule.type) {
      case "string": {
        const { pattern } = rule as RuleObject & { pattern?: RegExp | string };
        const source = pattern instanceof RegExp ? pattern.source : pattern;
        return { type: "string", minLength: rule.min, maxLength: rule.max, enum: rule.enum, pattern: source };
      }
      case "number":
        return { type: rule.integer ? "integer" : "number", minimum: rule.min, maximum: rule.max };
      case "boolean":
        return { type: "boolean" };
      case "array":
        return { type: "array", minItems: rule.min, maxItems: rule.max, items: schemaOf(rule.items ?? "any") };
      case "object":
        return { ...objectSchema(rule.props ?? {}), additionalProperties: rule.strict ? false : undefined };
      case "record":
        return {
          type: "object",
          propertyNames: schemaOf(rule.key ?? "any"),
          additionalProperties: schemaOf(rule.value ?? "any"),
        };
      case "multi":
        return { anyOf: (rule.rules ?? []).map(schemaOf) };
      case "equal":
        return { type: "null" };
      default:
        return {};
    }
  }

  function objectSchema(shape: Readonly<Record<string, Rule | Field>>): JsonSchema {
    const fields = Object.entries(shape);
    return {
      type: "object",
      properties: Object.fromEntries(fields.map(([name, rule]) => [name, schemaOf(rule)])),
      required: fields.filter(([, rule]) => !isOptional(rule)).map(([name]) => name),
    };
  }
}

export function isOptional(rule: Rule | Field): boolean {
  return typeof rule !== "string" && "optional" in rule && rule.optional === true;
}

function defined(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
}
