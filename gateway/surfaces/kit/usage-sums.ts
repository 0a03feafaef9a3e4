// Sums of usage as the surfaces show them. Money is shown in dollars with six decimals; the record is exact.
import { dollarsOf } from "../../../actors/account/money.ts";
import type { UsageTotal } from "../../../actors/account/rows.ts";
import { count, type Field } from "../../wire/shapes/fields.ts";

export const costShape: Field<number> = { type: "number", min: 0, description: "dollars, six decimals" };

export const sumProps = {
  requests: count(),
  failed: count(),
  unpriced: count("requests of models without a price"),
  prompt_tokens: count(),
  completion_tokens: count(),
  total_tokens: count(),
  cost: costShape,
};

export function sumsOnWire({ requests, failed, unpriced, promptTokens, answerTokens, cost }: UsageTotal) {
  return {
    ...{ requests, failed, unpriced },
    prompt_tokens: promptTokens,
    completion_tokens: answerTokens,
    total_tokens: promptTokens + answerTokens,
    cost: costOnWire(cost),
  };
}

export function costOnWire(amount: bigint | number): number {
  return Number(dollarsOf(amount));
}
