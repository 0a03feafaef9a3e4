/** Runs a callback once after a delay; returns its cancellation. The port `Clock` is one. */
export interface Timer {
  after(delayMs: number, callback: () => void): () => void;
}

/** Resolves after the delay. */
export function sleep(timer: Timer, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timer.after(delayMs, resolve);
  });
}
