// The port of the store of verification codes. Each method is atomic: two gateways cannot both accept a code, and cannot both
// count a try or a sending as the last allowed one.
import type { CodePurpose } from "../../gateway/ports.ts";

/** A sent code, as the store contains it: a hash, never the code itself. */
interface SentCode {
  readonly target: string;
  readonly purpose: CodePurpose;
  readonly hash: string;
}

export interface CodeRules {
  readonly lifeMs: number;
  /** Wrong tries after which the code is void. */
  readonly maxTries: number;
  /** Between two sendings to one target. */
  readonly pauseMs: number;
  readonly maxPerWindow: number;
  readonly windowMs: number;
}

/** Every method rejects with common.unavailable when the store is full or unavailable. */
export interface CodeStore {
  /**
   * Counts a sending to the target, replaces its older code, and resolves with 0. Otherwise resolves with the ms until the next
   * sending is allowed.
   */
  keep(code: SentCode, rules: CodeRules): Promise<number>;
  /** Removes the code of the target and purpose. With a hash, only if that code is still stored. */
  drop(target: string, purpose: CodePurpose, hash?: string): Promise<void>;
  /**
   * Counts a try. A right code works once; the last wrong try makes the code void. Without a sent code every try is "wrong". A
   * code that is too old, used or void is "expired".
   */
  answer(code: SentCode): Promise<"right" | "wrong" | "expired">;
}
