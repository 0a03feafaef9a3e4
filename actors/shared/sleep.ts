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

/** Runs the task again and again, each time `periodMs` after the last one; returns its cancellation. */
export function every(timer: Timer, periodMs: number, task: () => void): () => void {
  let isCancelled = false;
  let cancelNext = timer.after(periodMs, run);
  function run(): void {
    task();
    if (!isCancelled) cancelNext = timer.after(periodMs, run);
  }
  return () => {
    isCancelled = true;
    cancelNext();
  };
}
