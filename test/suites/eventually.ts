/** Waits on a condition, not on time. Throws when it does not come true. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`not so after ${timeoutMs} ms: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const untilMsMax = 8_000;

/** The first answer of a question that is neither undefined nor false. */
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
