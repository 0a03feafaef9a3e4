// Money as people and clients see it. The record is in pico-dollars; these are views of it.

export const picoPerDollar = 1_000_000_000_000;
const picoPerMicro = 1_000_000n;

/** Dollars with six decimals, rounded half up: "0.000123". */
export function dollarsOf(amount: bigint | number): string {
  const micro = (BigInt(amount) + picoPerMicro / 2n) / picoPerMicro;
  const digits = String(micro).padStart(7, "0");
  return `${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
