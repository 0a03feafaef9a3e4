// LiveKit reports who came into a room and who left. The report is signed with the API secret that both know: there is no
// login, and nothing of a body is looked at before its signature holds.

import { signedText } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { nothing } from "../../wire/fields.ts";
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
  async handle({ body, client, edge }) {
    const event = await requireMedia(edge).readWebhook(body, client.authorization);
    if (event) await requireCalls(edge).participant(event);
    return null;
  },
});
