// fastest-validator with two rules of its own: texts are counted in code points, and only digits are converted to numbers.
import fastestValidator, { type CompilationFunction, type ValidationRuleObject } from "fastest-validator";
import { isLongerThan, shownName } from "../../actors/shared/names.ts";

/** `min` and `max` of a string count code points, as OpenAPI does. `shown`: a name that others see, in its shown form. */
export type RuleObject = ValidationRuleObject & { shown?: true };

// The package is CommonJS whose class is `module.exports`, while its types claim a default export.
const FastestValidator = fastestValidator as unknown as typeof fastestValidator.default;
export const compiler = new FastestValidator();
const builtInString = compiler.rules.string as unknown as CompilationFunction;
/** The package counts UTF-16 units, so `min` and `max` are taken out of its rule and checked here. */
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
/** Converts the digits of a query. The package itself also converts true, lists and hexadecimal numbers. */
compiler.add("number", function convertingDigits(rule, path, context) {
  const { convert, ...schema } = rule.schema as RuleObject;
  const { sanitized, source } = builtInNumber.call(compiler, { ...rule, schema }, path, context);
  if (!convert) return { sanitized, source };
  const digits = 'if (typeof value === "string" && /^-?[0-9]{1,17}$/.test(value)) value = Number(value);';
  return { sanitized: true, source: `${digits}\n${source}` };
});
