/** Settles with the work, or when the time is over; the work goes on. */
export async function atMost(
  clock: { after(delayMs: number, callback: () => void): () => void },
  ms: number,
  work: Promise<unknown>,
): Promise<void> {
  let cancel = () => {};
  const isOver = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, isOver]).finally(() => cancel());
}
