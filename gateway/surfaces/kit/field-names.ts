// Actors name fields in their own spelling. A refusal names the field that the client sent.
import { DomainError } from "../../../actors/shared/errors.ts";
import type { SurfaceRoute } from "./route.ts";

/** Fields that actors get in another form. */
const wireNames: Readonly<Record<string, string>> = { sealedKey: "api_key" };

/** The same error, with the names of the route's body and query. */
export function withWireNames(
  route: Pick<SurfaceRoute, "body" | "query"> | undefined,
  error: DomainError,
): DomainError {
  const { details } = error;
  if (error.error !== "common.invalid" || !Array.isArray(details)) return error;
  const named = details.map((each: { field?: unknown }) =>
    typeof each?.field === "string"
      ? { ...each, field: wireNameOf(each.field, { ...route?.query?.shape, ...route?.body?.shape }) }
      : each,
  );
  return new DomainError(error.error, { details: named, message: error.message, cause: error.cause });
}

function wireNameOf(field: string, known: object): string {
  if (Object.hasOwn(known, field)) return field;
  const snake = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [snake, wireNames[field]].find((name) => name !== undefined && Object.hasOwn(known, name)) ?? field;
}
