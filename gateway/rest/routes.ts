import { authRoutes } from "./account/auth.ts";
import { deviceRoutes } from "./account/devices.ts";
import { oidcRoutes } from "./account/oidc.ts";
import { passwordRoutes } from "./account/passwords.ts";
import { registerRoute } from "./account/register.ts";
import { assistantRoutes } from "./assistant/assistants.ts";
import { replyRoutes } from "./assistant/replies.ts";
import { callRoutes } from "./call/calls.ts";
import { livekitWebhookRoute } from "./call/livekit-webhook.ts";
import { rtcCallRoutes } from "./call/rtc-calls.ts";
import { bytesRoutes } from "./file/bytes.ts";
import { directRoutes } from "./file/direct.ts";
import { fileRoutes } from "./file/files.ts";
import { partRoutes } from "./file/part.ts";
import { partsRoutes } from "./file/parts.ts";
import { uploadRoutes } from "./file/upload.ts";
import { groupAssistantRoutes } from "./group/group-assistants.ts";
import { groupInvitationRoutes } from "./group/group-invitations.ts";
import { groupJoiningRoutes } from "./group/group-joining.ts";
import { groupMemberRoutes } from "./group/group-members.ts";
import { groupQrCodeRoutes } from "./group/group-qr-codes.ts";
import { groupSettingsRoutes } from "./group/group-settings.ts";
import { groupRoutes } from "./group/groups.ts";
import { memberListRoute } from "./group/member-list.ts";
import { ownRequestRoutes } from "./group/own-requests.ts";
import type { Route } from "./kit/route.ts";
import { forwardRoutes } from "./message/forward.ts";
import { historyRoutes } from "./message/history.ts";
import { messageRoutes } from "./message/messages.ts";
import { reactionRoutes } from "./message/reactions.ts";
import { receiptRoutes } from "./message/receipts.ts";
import { modelUsageRoute } from "./model/usage.ts";
import { friendGroupRoutes } from "./people/friend-groups.ts";
import { friendRequestRoutes } from "./people/friend-requests.ts";
import { friendRoutes } from "./people/friends.ts";
import { qrCodeRoutes } from "./people/qr-codes.ts";
import { recommendationsRoute } from "./people/recommendations.ts";
import { nameRoutes } from "./people/user-names.ts";
import { userRoutes } from "./people/users.ts";
import { pinRoutes } from "./session/pins.ts";
import { sessionRoutes } from "./session/sessions.ts";
import { syncRoutes } from "./session/sync.ts";

/** Everything under /api/v1. The mount and the OpenAPI document are made from it. */
export const routes: readonly Route[] = [
  registerRoute,
  ...authRoutes,
  ...oidcRoutes,
  ...passwordRoutes,
  ...deviceRoutes,
  ...nameRoutes,
  ...userRoutes,
  ...qrCodeRoutes,
  ...friendRoutes,
  recommendationsRoute,
  ...friendRequestRoutes,
  ...friendGroupRoutes,
  ...groupInvitationRoutes,
  ...ownRequestRoutes,
  ...groupQrCodeRoutes,
  ...groupRoutes,
  ...groupSettingsRoutes,
  memberListRoute,
  ...groupMemberRoutes,
  ...groupJoiningRoutes,
  ...groupAssistantRoutes,
  ...forwardRoutes,
  ...messageRoutes,
  ...historyRoutes,
  ...reactionRoutes,
  ...receiptRoutes,
  ...sessionRoutes,
  ...pinRoutes,
  ...syncRoutes,
  ...assistantRoutes,
  ...replyRoutes,
  ...uploadRoutes,
  ...partsRoutes,
  ...partRoutes,
  ...directRoutes,
  ...fileRoutes,
  ...bytesRoutes,
  ...callRoutes,
  ...rtcCallRoutes,
  livekitWebhookRoute,
  modelUsageRoute,
];
