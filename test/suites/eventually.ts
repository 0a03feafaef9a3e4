/** Waits until the condition is true; throws when it is still false after `timeoutMs`. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`not so after ${timeoutMs} ms: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Polls the condition for `forMs`, and throws as soon as the condition is false: for what must not happen. */
export async function staysTrue(isTrue: () => boolean, forMs: number): Promise<void> {
  for (const endMs = performance.now() + forMs; performance.now() < endMs; ) {
    if (!isTrue()) throw new Error(`no longer so within ${forMs} ms: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const untilMsMax = 8_000;

/** Polls `ask` and returns its first answer that is neither undefined nor false. */
export async function until<T>(ask: () => T | undefined | false, describe: () => string = () => ""): Promise<T> {
  let answer: T | undefined | false;
  const isTrue = () => {
    answer = ask();
    return answer !== undefined && answer !== false;
  };
  await eventually(isTrue, untilMsMax).catch(() => {
    throw new Error(`not so after ${untilMsMax} ms: ${ask} ${describe()}`);
  });
  return answer as T;
}
