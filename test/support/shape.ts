// Checks that an answer has the fields of the contract, each of its type.

type Type = "string" | "number" | "boolean" | "object" | "null" | "any" | "time" | "array" | readonly string[];
export interface Shape {
  readonly [field: string]: Type | readonly [Shape] | { readonly fields: Shape };
}

/** The fields that are missing or of another type, as "field: value"; empty when the value fits. Further fields are allowed. */
export function misfits(value: unknown, shape: Shape, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path || "it"}: ${JSON.stringify(value)}`];
  return Object.entries(shape).flatMap(([field, type]) => {
    const found = (value as Record<string, unknown>)[field];
    const at = path ? `${path}.${field}` : field;
    if (Array.isArray(type) && typeof type[0] === "object") {
      if (!Array.isArray(found)) return [`${at}: ${JSON.stringify(found)}`];
      return found.flatMap((each, i) => misfits(each, type[0] as Shape, `${at}[${i}]`));
    }
    if (typeof type === "object" && "fields" in type) return misfits(found, type.fields, at);
    return isOf(found, type as Type) ? [] : [`${at}: ${JSON.stringify(found)}`];
  });
}

function isOf(value: unknown, type: Type): boolean {
  if (type === "any") return value !== undefined;
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return typeof value === "object" && value !== null;
  // Milliseconds since 1970, of this century.
  if (type === "time") return typeof value === "number" && value > 1.5e12 && value < 4e12;
  if (typeof type !== "string") return typeof value === "string" && type.includes(value);
  return typeof value === type;
}
