// Renders a JSON Schema as a table: one row per field. Fields of nested objects are named by their path.
import type { JsonSchema } from "../docs/json-schema.ts";
import { escapeHtml } from "./html.ts";

interface Row {
  name: string;
  type: string;
  required: boolean;
  limits: string;
}
interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: JsonSchema;
}

export function renderSchema(schema: JsonSchema): string {
  const rows = rowsOf(schema, "");
  return rows.length > 0 ? renderRows(rows) : `<p>${renderType(schema)}</p>`;
}

export function renderParameters(parameters: readonly Parameter[]): string {
  return renderRows(
    parameters.map(({ name, in: place, required, schema }) => {
      const shown = place === "query" ? `?${name}` : name;
      return { name: shown, type: renderType(schema), required, limits: limitsOf(schema) };
    }),
  );
}

function renderRows(rows: readonly Row[]): string {
  const cells = rows.map(({ name, type, required, limits }) => {
    const need = required ? "required" : "";
    return `<tr><td><code>${escapeHtml(name)}</code></td><td>${type}</td><td>${need}</td><td class="quiet">${escapeHtml(limits)}</td></tr>`;
  });
  return `<div class="scroll"><table>${cells.join("")}</table></div>`;
}

function rowsOf(schema: JsonSchema, path: string): Row[] {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const required = (schema.required ?? []) as string[];
  return Object.entries(properties).flatMap(([name, each]) => {
    const at = path + name;
    const row = { name: at, type: renderType(each), required: required.includes(name), limits: limitsOf(each) };
    const inner = plain(each);
    const items = (inner.items ?? {}) as JsonSchema;
    return [row, ...rowsOf(inner, `${at}.`), ...rowsOf(plain(items), `${at}[].`)];
  });
}

/** The schema of a nullable value without the null. */
function plain(schema: JsonSchema): JsonSchema {
  const others = choicesOf(schema).filter(({ type }) => type !== "null");
  return others.length === 1 ? others[0]! : schema;
}

function choicesOf({ anyOf }: JsonSchema): JsonSchema[] {
  return (anyOf ?? []) as JsonSchema[];
}

/** The type as HTML; the name of a shape links to its table. */
function renderType(schema: JsonSchema): string {
  const { $ref, type, items, additionalProperties } = schema;
  if (typeof $ref === "string") {
    const name = escapeHtml($ref.split("/").at(-1) ?? "");
    return `<a href="#shape-${name}">${name}</a>`;
  }
  const choices = choicesOf(schema);
  if (choices.length > 0) return choices.map(renderType).join(" or ");
  if (type === "array") return `${renderType((items ?? {}) as JsonSchema)}[]`;
  if (typeof additionalProperties === "object") return `{name: ${renderType(additionalProperties as JsonSchema)}}`;
  return typeof type === "string" ? type : "any";
}

/** The limits as text, for example `1–64 characters` or `one of a, b`. */
function limitsOf(schema: JsonSchema): string {
  const {
    minLength,
    maxLength,
    minimum,
    maximum,
    minItems,
    maxItems,
    enum: values,
    pattern,
    description,
  } = plain(schema);
  const words: string[] = [];
  const isSafe = maximum !== Number.MAX_SAFE_INTEGER;
  if (Array.isArray(values)) words.push(values.length > 1 ? `one of ${values.join(", ")}` : String(values[0]));
  if (minLength !== undefined || maxLength !== undefined) words.push(`${rangeOf(minLength, maxLength)} characters`);
  if (minimum !== undefined || (maximum !== undefined && isSafe)) {
    words.push(rangeOf(minimum, isSafe ? maximum : undefined));
  }
  if (minItems !== undefined || maxItems !== undefined) words.push(`${rangeOf(minItems, maxItems)} items`);
  if (pattern !== undefined) words.push(`like ${pattern}`);
  if (typeof description === "string") words.push(description);
  return words.join("; ");
}

function rangeOf(from: unknown, to: unknown): string {
  if (to === undefined) return `from ${from}`;
  return from === undefined ? `up to ${to}` : `${from}–${to}`;
}
