/** One environment variable, as it is documented for operators. */
export interface Variable {
  readonly text: string;
  readonly unit: string;
  /** The default, in the form that an operator writes; "" means not set. */
  readonly default: string;
  readonly min?: number;
  readonly max?: number;
  readonly oneOf?: readonly string[];
  /** The value is never printed. */
  readonly isSecret?: true;
}

/** The unit, the range and the default, as `.env.example` and error messages show them. */
export function describeRange({ unit, min, max, oneOf, default: fallback }: Variable): string {
  const range = oneOf ? oneOf.join(" | ") : min !== undefined && max !== undefined ? `${unit}, ${min} to ${max}` : unit;
  return `[${range}] default ${fallback === "" ? "not set" : fallback}`;
}
