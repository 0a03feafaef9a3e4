import type { JsonSchema } from "../docs/openapi.ts";
import { escapeHtml } from "./html.ts";

interface Field {
  name: string;
  schema: JsonSchema;
  required: boolean;
  /** Where it stands, when not in the body. */
  in?: string;
}

/** The fields of an object, one row each. */
export function renderSchema(schema: JsonSchema): string {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const required = (schema.required ?? []) as string[];
  const fields = Object.entries(properties).map(([name, each]) => ({
    name,
    schema: each,
    required: required.includes(name),
  }));
  return fields.length > 0 ? renderFields(fields) : `<p class="quiet">No fields.</p>`;
}

export function renderFields(fields: readonly Field[]): string {
  return `<div class="scroll"><table>${fields.map(renderField).join("")}</table></div>`;
}

function renderField({ name, schema, required, in: place }: Field): string {
  const need = required ? "required" : "";
  const where = place === undefined || place === "query" ? "" : ` <span class="quiet">${escapeHtml(place)}</span>`;
  return `<tr><td><code>${place === "query" ? "?" : ""}${escapeHtml(name)}</code>${where}</td><td>${escapeHtml(typeOf(schema))}</td><td>${need}</td><td class="quiet">${escapeHtml(limitsOf(schema))}</td></tr>`;
}

function typeOf({ type, items }: JsonSchema): string {
  if (type === "array") return `${typeOf((items ?? {}) as JsonSchema)}[]`;
  return typeof type === "string" ? type : "any";
}

/** In words a person reads: `1–64 characters`, `one of a, b`. */
function limitsOf(schema: JsonSchema): string {
  const { minLength, maxLength, minimum, maximum, maxItems, enum: values, pattern } = schema;
  const said: string[] = [];
  const isSafe = maximum !== Number.MAX_SAFE_INTEGER;
  if (Array.isArray(values)) said.push(`one of ${values.join(", ")}`);
  if (minLength !== undefined || maxLength !== undefined) said.push(`${rangeOf(minLength, maxLength)} characters`);
  if (minimum !== undefined || (maximum !== undefined && isSafe))
    said.push(rangeOf(minimum, isSafe ? maximum : undefined));
  if (maxItems !== undefined) said.push(`at most ${maxItems}`);
  if (pattern !== undefined) said.push(`like ${pattern}`);
  if (schema.type === "array" || schema.type === undefined) return said.join("; ");
  const inner = Object.keys((schema.properties ?? {}) as object);
  if (inner.length > 0) said.push(`{${inner.join(", ")}}`);
  return said.join("; ");
}

function rangeOf(from: unknown, to: unknown): string {
  if (to === undefined) return `from ${from}`;
  return from === undefined ? `up to ${to}` : `${from}–${to}`;
}
