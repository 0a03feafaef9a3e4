// Requests and tokens of the last minute, by second: a limit per minute holds for any 60 seconds.

/** [second since 1970, requests, tokens], oldest first; at most 61. */
export type Window = [second: number, requests: number, tokens: number][];

const windowS = 60;

/** Adds to the second of `atMs`, or of the newest second known: a clock that was set back makes no gap in the order. */
export function addToWindow(window: Window, atMs: number, requests: number, tokens: number): void {
  const second = Math.max(Math.floor(atMs / 1_000), window.at(-1)?.[0] ?? 0);
  const last = window.at(-1);
  if (last?.[0] === second) {
    last[1] += requests;
    last[2] += tokens;
  } else {
    window.push([second, requests, tokens]);
  }
  while (window[0]![0] <= second - windowS) window.shift();
}

/** Corrects what a request of that time was counted with. What has left the window needs no correction. */
export function correctWindow(window: Window, atMs: number, tokens: number): void {
  const second = Math.floor(atMs / 1_000);
  const slot = window.findLast(([known]) => known <= second);
  if (slot) slot[2] = Math.max(0, slot[2] + tokens);
}

/** Zero when `more` fits under `limit`; else in how many ms it does. `column` 1: requests, 2: tokens. */
export function waitFor(window: Window, nowMs: number, column: 1 | 2, more: number, limit: number): number {
  const nowS = Math.floor(nowMs / 1_000);
  const live = window.filter(([second]) => second > nowS - windowS);
  let excess = live.reduce((sum, slot) => sum + slot[column], 0) + more - limit;
  if (excess <= 0) return 0;
  for (const slot of live) {
    excess -= slot[column];
    if (excess <= 0) return (slot[0] + windowS) * 1_000 - nowMs;
  }
  return windowS * 1_000;
}
