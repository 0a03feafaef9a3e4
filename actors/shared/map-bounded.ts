/**
 * Maps `items` with at most `maxConcurrent` runs at a time; the results stand in the order of `items`. After the first
 * failure no further run starts, and the promise rejects with that failure.
 */
export async function mapBounded<T, R>(
  items: readonly T[],
  maxConcurrent: number,
  run: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      try {
        results[index] = await run(items[index]!, index);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxConcurrent, items.length) }, worker));
  return results;
}
