// Gives a try up whose upstream sends nothing for too long: before the first piece of its answer, or between two pieces.
import type { Failure } from "../llm/failure.ts";
import type { Clock } from "../runtime/ports.ts";
import type { RelayLimits } from "./limits.ts";

export interface SilenceWatch {
  /** A piece of the answer came. */
  readonly hasPiece: boolean;
  /** When the last piece came, on the clock's monotonic time; before the first, when the watch began. */
  readonly lastMs: number;
  /** A piece of the answer comes now. */
  piece(): void;
  cancel(): void;
}

interface SilenceDeps {
  clock: Clock;
  limits: Pick<RelayLimits, "firstTokenMs" | "stallMs">;
  /** The sink takes nothing now, so the upstream is not read. A sink that does not take has a limit of its own. */
  isSinkWaiting(): boolean;
}

/** ms until the next look when the sink waits although the upstream's time is up. */
const lookAgainMs = 50;

/** `giveUp` is called once at most. */
export function watchSilence(
  { clock, limits, isSinkWaiting }: SilenceDeps,
  giveUp: (failure: Failure) => void,
): SilenceWatch {
  let lastMs = clock.monotonicMs();
  let hasPiece = false;
  let cancel = () => {};
  const lookAfter = (waitMs: number): void => {
    cancel = clock.after(waitMs, () => {
      const leftMs = lastMs + (hasPiece ? limits.stallMs : limits.firstTokenMs) - clock.monotonicMs();
      if (leftMs > 0 || isSinkWaiting()) lookAfter(Math.max(leftMs, lookAgainMs));
      else giveUp(hasPiece ? stalled : silent);
    });
  };
  lookAfter(limits.firstTokenMs);
  return {
    get hasPiece() {
      return hasPiece;
    },
    get lastMs() {
      return lastMs;
    },
    piece() {
      hasPiece = true;
      lastMs = clock.monotonicMs();
    },
    cancel: () => cancel(),
  };
}

const silent: Failure = { kind: "silent", status: 0, message: "The model's server did not answer in time." };
const stalled: Failure = {
  kind: "stalled",
  status: 0,
  message: "The model's server stopped in the middle of its answer.",
};
