/** Waits on a condition, not on time. Throws when it does not come true. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`not so after ${timeoutMs} ms: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
