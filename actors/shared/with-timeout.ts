import type { Timer } from "./sleep.ts";

/**
 * The result of `work`, or a rejection with `createError()` when `work` takes longer than `limitMs`. Work that is late goes
 * on; its result, and its error, are ignored.
 */
export async function withTimeout<T>(
  timer: Timer,
  limitMs: number,
  work: Promise<T>,
  createError: () => Error,
): Promise<T> {
  let cancel = () => {};
  const late = new Promise<never>((_, reject) => {
    cancel = timer.after(limitMs, () => reject(createError()));
  });
  return Promise.race([work, late]).finally(() => cancel());
}

/** Waits for `work`, but not longer than `limitMs`; work that is late goes on. Rejects if `work` rejects in time. */
export async function waitAtMost(timer: Timer, limitMs: number, work: Promise<unknown>): Promise<void> {
  let cancel = () => {};
  const late = new Promise<void>((resolve) => {
    cancel = timer.after(limitMs, resolve);
  });
  await Promise.race([work, late]).finally(() => cancel());
}
