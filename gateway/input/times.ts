/** Wire times are ms since 1970; numbers that are too small for that are seconds. */
export function msOfWireTime(value: number): number {
  return value > 0 && value < 1e11 ? value * 1_000 : value;
}
