// The user's QR code: a user who scans it finds its owner. One code is valid at a time; a new code ends the one before.
import type { Query, RecordMeta } from "../runtime/contract.ts";
import { checkQrCode, createQrCode, liveQrCode, type QrCode } from "../shared/qr-code.ts";
import type { ByType, QrCodeEvent } from "./events.ts";
import type { UserPorts } from "./ports.ts";
import { getProfile } from "./profile.ts";
import type { UserState } from "./state.ts";
import type { UserTurn } from "./turn.ts";

export function createQrCodeCommands({ random, rules }: UserPorts) {
  const refresh = (turn: UserTurn): QrCode => {
    const { state, key, nowMs } = turn;
    const qrCode = createQrCode("user", key, state.qrCode, { random, nowMs, lifeMs: rules.qrCodeMs });
    turn.emit({ type: "qr_code_made", qrCode });
    return qrCode;
  };
  return {
    ensureQrCode(turn: UserTurn): QrCode {
      getProfile(turn.state);
      return liveQrCode(turn.state.qrCode, turn.nowMs) ?? refresh(turn);
    },
    refreshQrCode(turn: UserTurn): QrCode {
      getProfile(turn.state);
      return refresh(turn);
    },
  };
}

export const qrCodeQueries = {
  qrCode: ({ state, nowMs }: Query<UserState>): { qrCode: QrCode | null } => ({
    qrCode: liveQrCode(state.qrCode, nowMs) ?? null,
  }),

  scan({ state, nowMs }: Query<UserState>, { code }: { code: string }): null {
    checkQrCode(state.qrCode, code, nowMs, "user.qrcode_expired");
    return null;
  },
};

export const qrCodeApplier: ByType<QrCodeEvent, [UserState, RecordMeta], void> = {
  qr_code_made({ qrCode }, state) {
    state.qrCode = qrCode;
  },
};
