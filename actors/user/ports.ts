import type { Random } from "../runtime/ports.ts";
import { defaultQrCodeMs } from "../shared/qr-code.ts";
import { noSensitiveWords, type SensitiveWords } from "../shared/sensitive-words.ts";

/** Rules set by configuration. Folding never reads them: a decision stands when a rule changes later. */
interface UserRules {
  /** How long a new QR code is good. */
  qrCodeMs: number;
  /** Refused anywhere in a nickname: user.nickname_sensitive. */
  sensitiveWords: SensitiveWords;
}

export const defaultUserRules: UserRules = { qrCodeMs: defaultQrCodeMs, sensitiveWords: noSensitiveWords };

export interface UserPorts {
  /** Its results stand in events only, so that a replay repeats them. */
  random: Pick<Random, "hex">;
  rules: UserRules;
}
