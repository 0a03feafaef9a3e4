const maxAtOnce = 32; // actors asked at a time for one request, so that one list does not fill the mailboxes

/** Asks many, a few at a time; answers stand in the order of `items`. */
export async function inBatches<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  for (let from = 0; from < items.length; from += maxAtOnce) {
    answers.push(...(await Promise.all(items.slice(from, from + maxAtOnce).map(ask))));
  }
  return answers;
}
