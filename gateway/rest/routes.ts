import { authRoutes } from "./auth.ts";
import { callRoutes } from "./calls.ts";
import { deviceRoutes } from "./devices.ts";
import { friendRequestRoutes } from "./friend-requests.ts";
import { friendRoutes } from "./friends.ts";
import { groupJoiningRoutes } from "./group-joining.ts";
import { groupMemberRoutes } from "./group-members.ts";
import { groupRoutes } from "./groups.ts";
import { historyRoutes } from "./history.ts";
import { livekitWebhookRoute } from "./livekit-webhook.ts";
import { messageRoutes } from "./messages.ts";
import { passwordRoutes } from "./passwords.ts";
import { receiptRoutes } from "./receipts.ts";
import { registerRoute } from "./register.ts";
import type { Route } from "./route.ts";
import { rtcCallRoutes } from "./rtc-calls.ts";
import { sessionRoutes } from "./sessions.ts";
import { syncRoutes } from "./sync.ts";
import { userRoutes } from "./users.ts";

/** Everything under /api/v1. The mount and the OpenAPI document are made from it. */
export const routes: readonly Route[] = [
  registerRoute,
  ...authRoutes,
  ...passwordRoutes,
  ...deviceRoutes,
  ...userRoutes,
  ...friendRoutes,
  ...friendRequestRoutes,
  ...groupRoutes,
  ...groupMemberRoutes,
  ...groupJoiningRoutes,
  ...messageRoutes,
  ...historyRoutes,
  ...receiptRoutes,
  ...sessionRoutes,
  ...syncRoutes,
  ...callRoutes,
  ...rtcCallRoutes,
  livekitWebhookRoute,
];
