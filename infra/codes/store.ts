// Where sent codes wait for their owners. Each call is one step: two gateways cannot both accept a code, nor both count
// the same try or sending as the last one.
import type { CodePurpose } from "../../gateway/ports.ts";

/** What a code is kept as: never the code itself. */
interface SentCode {
  readonly target: string;
  readonly purpose: CodePurpose;
  readonly hash: string;
}

export interface CodeRules {
  readonly lifeMs: number;
  /** Wrong answers until the code is gone. */
  readonly maxTries: number;
  /** Between two sendings to one target. */
  readonly pauseMs: number;
  readonly maxPerWindow: number;
  readonly windowMs: number;
}

/** All reject with common.unavailable when the store cannot answer, or is full. */
export interface CodeStore {
  /** Counts a sending to the target and keeps the code instead of an older one; else answers ms until it may be sent. */
  keep(code: SentCode, rules: CodeRules): Promise<number>;
  /** Forgets the code of the target and purpose; with a hash, only if it is still that one. */
  drop(target: string, purpose: CodePurpose, hash?: string): Promise<void>;
  /**
   * Counts a try. The right answer uses the code up, the last wrong one too. Where no code was sent any answer is wrong;
   * a code that is too old or used up is expired.
   */
  answer(code: SentCode): Promise<"right" | "wrong" | "expired">;
}
