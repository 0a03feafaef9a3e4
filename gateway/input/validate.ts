// Shape and type of what clients send stand together: `schema<PinBody>({ isPinned: "boolean" })`.
import fastestValidator, { type CompilationFunction, type ValidationRuleObject } from "fastest-validator";
import { DomainError } from "../../actors/shared/errors.ts";
import { isLongerThan, shownName } from "../../actors/shared/names.ts";

/** One rule per field of T; the compiler demands that none is missing and none is left over. */
export type Shape<T> = { readonly [K in keyof Required<T>]: Rule };
export type Rule = Scalar | RuleObject;
/** `min` and `max` of a string count code points, as OpenAPI does. `shown`: a name that others see, in its shown form. */
export type RuleObject = ValidationRuleObject & { shown?: true };
type Scalar = "any" | "boolean" | "number" | "string" | "object";

export interface Validator<T> {
  /** OpenAPI and the frame reference are made from it. */
  readonly shape: Readonly<Record<string, Rule>>;
  /** Throws common.invalid with `details: [{field, expected}]`. Unknown fields and nulls are dropped from `value`. */
  parse(value: unknown): T;
}

/** Compiled once, where the module is loaded. */
export function schema<T extends object>(shape: Shape<T>): Validator<T> {
  const check = compile(shape);
  const fields = Object.keys(shape);
  return {
    shape,
    parse(value) {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw invalid([{ field: "", expected: "object" }]);
      }
      const input = value as Record<string, unknown>;
      // Clients of both spellings send null for "not given".
      for (const field of fields) if (input[field] === null) delete input[field];
      const result = check(input);
      if (result === true) return input as T;
      throw invalid(result.map(({ field, type, expected }) => ({ field, expected: expectation(type, expected) })));
    },
  };
}

/** A signed body: its text, whatever it says. */
export const signedText: Validator<string> = {
  shape: {},
  parse(value) {
    if (typeof value === "string" && value !== "") return value;
    throw invalid([{ field: "", expected: "a signed body" }]);
  },
};

/** For rules that a shape cannot say: the same error as a failed shape. */
export function invalid(details: { field: string; expected: string }[]): DomainError {
  return new DomainError("common.invalid", { details });
}

// The package is CommonJS whose class is `module.exports`, while its types claim a default export.
const FastestValidator = fastestValidator as unknown as typeof fastestValidator.default;
const compiler = new FastestValidator();
const builtInString = compiler.rules.string as unknown as CompilationFunction;
/** The package counts UTF-16 units: lengths are taken from its rule, and checked by code that counts code points. */
compiler.add("string", function countingCodePoints(rule, path, context) {
  const { min, max, shown, ...schema } = rule.schema as RuleObject;
  const { sanitized, source } = builtInString.call(compiler, { ...rule, schema }, path, context);
  Object.assign(context, { isLongerThan, shownName });
  const error = (type: string, expected: number | string) =>
    `errors.push({ type: ${JSON.stringify(type)}, expected: ${JSON.stringify(expected)}, field, label });`;
  const checks = [
    max === undefined ? "" : `if (context.isLongerThan(value, ${max})) ${error("stringMax", max)}`,
    min === undefined ? "" : `if (!context.isLongerThan(value, ${min - 1})) ${error("stringMin", min)}`,
  ];
  if (shown) {
    const refusal = error("visible text", "without hidden characters");
    checks.push(`if (value !== "") { value = context.shownName(value); if (value === undefined) ${refusal} }`);
  }
  const end = /return value;\s*$/;
  if (!end.test(source)) throw new TypeError("the string rule of fastest-validator has another form");
  return { sanitized: sanitized || shown === true, source: source.replace(end, `${checks.join("\n")}\nreturn value;`) };
});

const builtInNumber = compiler.rules.number as unknown as CompilationFunction;
/** `convert` takes the digits of a query; the package would take true, lists and hexadecimal numbers, too. */
compiler.add("number", function convertingDigits(rule, path, context) {
  const { convert, ...schema } = rule.schema as RuleObject;
  const { sanitized, source } = builtInNumber.call(compiler, { ...rule, schema }, path, context);
  if (!convert) return { sanitized, source };
  const digits = 'if (typeof value === "string" && /^-?[0-9]{1,17}$/.test(value)) value = Number(value);';
  return { sanitized: true, source: `${digits}\n${source}` };
});

function compile(shape: Readonly<Record<string, Rule>>) {
  const rules: Record<string, unknown> = { $$strict: "remove" };
  // Copied: the compiler takes one rule object used for two fields for a cycle.
  for (const [field, rule] of Object.entries(shape)) rules[field] = typeof rule === "string" ? rule : { ...rule };
  const check = compiler.compile(rules);
  if (check.async) throw new TypeError("schemas of the edge are synchronous");
  return check;
}

/** Never the actual value: it may be a password. */
function expectation(type: string, expected: unknown): string {
  return expected === undefined ? type : `${type} ${String(expected)}`;
}
