/** Which of 1, 2, 3 … are held: all up to `upTo`, and some above a hole. */
export interface Watermark {
  readonly upTo: number;
  readonly hasHole: boolean;
  has(n: number): boolean;
  /** False when `n` was held already. */
  add(n: number): boolean;
  /** Everything up to `n` is held. */
  raise(n: number): void;
}

export function createWatermark(start: number): Watermark {
  let upTo = start;
  const ahead = new Set<number>();
  const close = () => {
    for (const n of ahead) if (n <= upTo) ahead.delete(n);
    while (ahead.delete(upTo + 1)) upTo += 1;
  };
  const has = (n: number) => n <= upTo || ahead.has(n);
  return {
    get upTo() {
      return upTo;
    },
    get hasHole() {
      return ahead.size > 0;
    },
    has,
    add(n) {
      if (has(n)) return false;
      ahead.add(n);
      close();
      return true;
    },
    raise(n) {
      upTo = Math.max(upTo, n);
      close();
    },
  };
}
