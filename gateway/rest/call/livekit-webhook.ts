// LiveKit reports participants that join and leave rooms. Reports are signed with the API secret, in place of a login; a body
// is not parsed before its signature is checked.

import { signedText } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { route } from "../kit/route.ts";
import { requireCalls, requireMedia } from "./call-actions.ts";

export const livekitWebhookRoute = route({
  method: "POST",
  path: "/livekit/webhook",
  auth: "none",
  limit: limits.livekitWebhook,
  summary: "For LiveKit: reports of its rooms, signed",
  body: signedText,
  signedBody: "application/webhook+json",
  answers: nothing,
  errors: ["auth.token_invalid", "rtc.unavailable"],
  async handle({ body, client, edge }) {
    const event = await requireMedia(edge).readWebhook(body, client.authorization);
    if (event) await requireCalls(edge).participant(event);
    return null;
  },
});
