// Where a text stands in the input of a route or a frame, and inputs that fit but for the text in one such place.
import type { Rule } from "../../../gateway/input/validate.ts";

type Shape = Readonly<Record<string, Rule>>;
type RuleFields = { type?: string; max?: number; optional?: boolean; items?: Rule; props?: Shape; enum?: unknown[] };

/** The keys that lead to a text; 0 stands for the items of a list. */
export interface TextPlace {
  readonly path: readonly (string | number)[];
  /** In code points. */
  readonly max: number | undefined;
}

const fieldsOf = (rule: Rule) => (typeof rule === "string" ? { type: rule } : rule) as RuleFields;

export function textPlaces(shape: Shape): TextPlace[] {
  return Object.entries(shape).flatMap(([field, rule]) => placesIn(rule, [field]));
}

function placesIn(rule: Rule, path: TextPlace["path"]): TextPlace[] {
  const { type, max, items, props } = fieldsOf(rule);
  if (type === "string") return [{ path, max }];
  if (type === "any") return [{ path, max: undefined }];
  if (type === "array" && items) return placesIn(items, [...path, 0]);
  if (type === "object" && props) return Object.entries(props).flatMap(([field, of]) => placesIn(of, [...path, field]));
  return [];
}

/** The required fields of the shape and those optional ones that are `known`, with `text` at the place. */
export function inputWith(shape: Shape, { path }: TextPlace, text: unknown, known: Readonly<Record<string, unknown>>) {
  const input: Record<string, unknown> = {};
  for (const [field, rule] of Object.entries(shape)) {
    const { optional } = fieldsOf(rule);
    if (known[field] !== undefined) input[field] = known[field];
    else if (!optional) input[field] = fitting(rule, known);
  }
  let at: Record<string | number, unknown> = input;
  for (const [index, key] of path.entries()) {
    if (index === path.length - 1) at[key] = text;
    else {
      const next = typeof path[index + 1] === "number" ? [] : {};
      at[key] = next;
      at = next as Record<string | number, unknown>;
    }
  }
  return input;
}

function fitting(rule: Rule, known: Readonly<Record<string, unknown>>): unknown {
  const { type, items, props = {}, enum: choices } = fieldsOf(rule);
  if (choices) return choices[0];
  if (type === "string" || type === "any") return "hello";
  if (type === "number") return 1;
  if (type === "boolean") return true;
  if (type === "array") return items ? [fitting(items, known)] : [];
  const required = Object.entries(props).filter(([field, of]) => known[field] !== undefined || !fieldsOf(of).optional);
  return Object.fromEntries(required.map(([field, of]) => [field, known[field] ?? fitting(of, known)]));
}
