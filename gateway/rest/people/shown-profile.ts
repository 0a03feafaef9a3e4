import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { Profile } from "../../../actors/user/contract.ts";
import { profileOnWire } from "../../wire/user.ts";
import { qrPictureUrl } from "../kit/qr-codes.ts";
import type { Client, Edge } from "../kit/route.ts";
import { qrCodeOf } from "./qr-codes.ts";

/** The user's own profile, with the address of the picture of their QR code. */
export async function shownProfile(edge: Edge, client: Client, profile: Profile, call: CallOptions) {
  const { code } = await qrCodeOf(edge, profile.userId, call);
  return profileOnWire(profile, qrPictureUrl(edge, client, "user", code));
}
