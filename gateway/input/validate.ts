// The shape of a body stands beside its type: `schema<PinBody>({ isPinned: "boolean" })`.
import { DomainError, type ErrorName } from "../../actors/shared/errors.ts";
import { compiler, type RuleObject } from "./compiler.ts";

/** One rule per field of T; the compiler refuses missing and surplus fields. */
export type Shape<T> = { readonly [K in keyof Required<T>]: Rule };
export type Rule = Scalar | RuleObject;
type Scalar = "any" | "boolean" | "number" | "string" | "object";

export interface Validator<T> {
  /** The references of routes and frames are made from it. */
  readonly shape: Readonly<Record<string, Rule>>;
  /** For the reference, where the required fields alone make no useful request. */
  readonly example?: T;
  /**
   * For bodies that change the fields that are given: a mistyped field would be answered as done. The error that unknown
   * fields are answered; without one they are dropped, so that newer clients may send more.
   */
  readonly refuses?: ErrorName;
  /** Throws common.invalid with `details: [{field, expected}]`. Nulls are dropped from `value`. */
  parse(value: unknown): T;
}

interface Options<T> extends Pick<Validator<T>, "example" | "refuses"> {
  /** Fields of the answer, which clients send back as they got it: they are dropped, and not refused. */
  sentBack?: object;
}

/** Compiled once, where the module is loaded. */
export function schema<T extends object>(
  shape: Shape<T>,
  { example, refuses, sentBack }: Partial<Options<NoInfer<T>>> = {},
): Validator<T> {
  const check = compile(shape);
  const fields = Object.keys(shape);
  return {
    shape,
    example,
    refuses,
    parse(value) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw invalid([{ field: "", expected: "object" }]);
      }
      const input = value as Record<string, unknown>;
      if (refuses) refuseUnknown(refuses, input, { ...shape, ...sentBack }, "no such field");
      // Clients send null for a field that is not given.
      for (const field of fields) if (input[field] === null) delete input[field];
      const result = check(input);
      if (result === true) return input as T;
      throw invalid(result.map(({ field, type, expected }) => ({ field, expected: expectation(type, expected) })));
    },
  };
}

/** Throws `error` with the fields of `input` that the shape does not name. */
export function refuseUnknown(error: ErrorName, input: object, shape: object, expected: string): void {
  const unknown = Object.keys(input).filter((field) => !Object.hasOwn(shape, field));
  if (unknown.length === 0) return;
  throw new DomainError(error, { details: unknown.slice(0, maxNamed).map((field) => ({ field, expected })) });
}
const maxNamed = 20; // unknown fields that an error names

/** A signed body is passed on as text. */
export const signedText: Validator<string> = {
  shape: {},
  parse(value) {
    if (typeof value === "string" && value !== "") return value;
    throw invalid([{ field: "", expected: "a signed body" }]);
  },
};

/** The error of a failed shape, for rules that a shape cannot express. */
export function invalid(details: { field: string; expected: string }[]): DomainError {
  return new DomainError("common.invalid", { details });
}

function compile(shape: Readonly<Record<string, Rule>>) {
  const rules: Record<string, unknown> = { $$strict: "remove" };
  // Copied: the compiler takes one rule object used for two fields for a cycle.
  for (const [field, rule] of Object.entries(shape)) rules[field] = typeof rule === "string" ? rule : { ...rule };
  const check = compiler.compile(rules);
  if (check.async) throw new TypeError("schemas of the edge are synchronous");
  return check;
}

/** The actual value is left out, because it may be a password. */
function expectation(type: string, expected: unknown): string {
  return expected === undefined ? type : `${type} ${String(expected)}`;
}
