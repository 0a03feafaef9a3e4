const answerTimeoutMs = 3_000;

/** It answers HTTP, and not with an error of its own. */
export async function checkHttp(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) });
  await answer.body?.cancel();
  if (answer.status >= 500) throw new Error(`${url} answers ${answer.status}`);
}
