// From a proven identity to tokens.
import { type DeviceType, parseDeviceType, Session } from "../../../actors/session/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { createRefreshSecret, encodeRefreshToken, hashRefreshSecret } from "../../auth/refresh-token.ts";
import { id, invalidField, shownText, text } from "../../input/rules.ts";
import type { Dialect } from "../../ports.ts";
import { ownCall } from "../kit/own-call.ts";
import type { Client, Edge } from "../kit/route.ts";

export interface Tokens {
  userId: UserId;
  accessToken: string;
  refreshToken: string;
  /** Seconds. */
  expiresIn: number;
}

/** Opens a login. The tokens leave only after the logins it replaced are refused everywhere (G8). */
export async function openLogin(
  edge: Edge,
  input: {
    userId: UserId;
    credentialVersion?: number;
    deviceId: string;
    deviceType: DeviceType;
    deviceName?: string;
    clientVersion?: string;
    client: Client;
    dialect?: Dialect;
  },
): Promise<Tokens> {
  const { userId, deviceId, deviceType, deviceName = "", clientVersion = "", client, dialect } = input;
  const secret = createRefreshSecret(edge.random);
  const from = { ip: client.ip, userAgent: client.userAgent };
  const command = { deviceId, deviceType, deviceName, clientVersion, ...from };
  const { loginId, revoked } = await edge.actors.get(Session, userId).login(
    input.credentialVersion === undefined
      ? { ...command, refreshHash: hashRefreshSecret(secret) }
      : { ...command, refreshHash: hashRefreshSecret(secret), credentialVersion: input.credentialVersion },
    // Without the client's key: a retry carries another secret, and silently replaces the login of its own device.
    ownCall(edge),
  );
  for (const reason of ["multi_login", "replaced"] as const) {
    const logins = revoked.filter((each) => each.reason === reason).map((each) => each.loginId);
    if (logins.length > 0) await edge.revocations.revoke(logins, reason);
  }
  const token = edge.authenticator.issue({ userId, deviceId, deviceType, loginId, dialect });
  return { userId, ...token, refreshToken: encodeRefreshToken({ userId, loginId, secret }) };
}

/** The device of a body that logs somebody in. */
export interface DeviceBody {
  deviceType: string;
  deviceId: string;
  deviceName?: string;
  clientVersion?: string;
}
export const deviceRules = {
  deviceType: text(16),
  deviceId: id,
  deviceName: { ...shownText(64), optional: true },
  clientVersion: { ...shownText(32), optional: true },
} as const;

export function deviceOf({ deviceId, deviceName, clientVersion, ...body }: DeviceBody) {
  const deviceType = parseDeviceType(body.deviceType);
  if (!deviceType || deviceType === "API") throw invalidField("deviceType", "iOS, Android, Web, PC, H5 or Pad");
  return { deviceType, deviceId, deviceName, clientVersion };
}
