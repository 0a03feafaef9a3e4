const answerTimeoutMs = 3_000;

/** Throws when the server does not answer HTTP, or answers with a status of 500 or more. */
export async function checkHttp(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) });
  await answer.body?.cancel();
  if (answer.status >= 500) throw new Error(`${url} answers ${answer.status}`);
}
