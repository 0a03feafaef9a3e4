import type { DeviceType, Login } from "./contract.ts";
import type { KickPolicy } from "./kick-presets.ts";

type KickDecision =
  | { kind: "admitted"; revoked: { loginId: string; reason: "multi_login" | "replaced" }[] }
  | { kind: "refused"; deviceClass: string; maxLogins: number };

/**
 * Which logins end before a device may log in (G8). Its own older logins are replaced, whatever the policy says; then its
 * class must have room.
 */
export function decideKicks(
  policy: KickPolicy,
  active: readonly Login[],
  device: { deviceId: string; deviceType: DeviceType },
  maxLogins: number,
): KickDecision {
  const replaced = active.filter(({ deviceId }) => deviceId === device.deviceId);
  const others = active.filter(({ deviceId }) => deviceId !== device.deviceId).sort(byAge);
  const deviceClass = classOf(policy, device.deviceType);
  const rivals = others.filter(({ deviceType }) => classOf(policy, deviceType).name === deviceClass.name);
  const excess = Math.max(0, rivals.length + 1 - deviceClass.maxLogins);
  if (excess > 0 && deviceClass.onFull === "refuse_new") {
    return { kind: "refused", deviceClass: deviceClass.name, maxLogins: deviceClass.maxLogins };
  }
  const kicked = new Set(rivals.slice(0, excess));
  for (const login of others) {
    if (others.length - kicked.size + 1 <= maxLogins) break;
    kicked.add(login);
  }
  return {
    kind: "admitted",
    revoked: [
      ...replaced.map(({ loginId }) => ({ loginId, reason: "replaced" as const })),
      ...[...kicked].map(({ loginId }) => ({ loginId, reason: "multi_login" as const })),
    ],
  };
}

/** A device type in no class has its own, with one login. */
function classOf(policy: KickPolicy, deviceType: DeviceType): KickPolicy["classes"][number] {
  const known = policy.classes.find(({ types }) => types.includes(deviceType));
  return known ?? { name: deviceType, types: [deviceType], maxLogins: 1, onFull: "kick_oldest" };
}

function byAge(a: Login, b: Login): number {
  return a.createdAtMs - b.createdAtMs || Number(a.loginId) - Number(b.loginId);
}
