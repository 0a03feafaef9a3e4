/**
 * Maps `items` with at most `maxConcurrent` runs at a time; the results stand in the order of `items`. After the first
 * failure no further run starts; the promise rejects with that failure when the runs under way have ended.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  maxConcurrent: number,
  run: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failure: { cause: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failure) {
      const index = next;
      next += 1;
      try {
        results[index] = await run(items[index]!, index);
      } catch (cause) {
        failure ??= { cause };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxConcurrent, items.length) }, worker));
  if (failure) throw failure.cause;
  return results;
}
