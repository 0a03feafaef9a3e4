import { accessCodeRoutes } from "./admin/access-codes.ts";
import { adminAccountRoutes } from "./admin/account.ts";
import { adminKeyRoutes } from "./admin/api-keys.ts";
import { adminBudgetRoutes } from "./admin/budgets.ts";
import { adminLogRoute } from "./admin/logs.ts";
import { adminStatsRoutes } from "./admin/stats.ts";
import { adminTokenRoutes } from "./admin/tokens.ts";
import { chatAuthRoutes } from "./chat/auth.ts";
import { chatConversationRoutes } from "./chat/conversations.ts";
import { chatMessageRoutes } from "./chat/messages.ts";
import { imageAuthRoutes } from "./image/auth.ts";
import { fileRoutes } from "./image/file-bytes.ts";
import { imageRoutes } from "./image/images.ts";
import type { SurfaceRoute } from "./kit/route.ts";
import { nextchatKeyRoutes } from "./nextchat/api-keys.ts";
import { nextchatAuthRoutes } from "./nextchat/auth.ts";
import { nextchatChatRoutes } from "./nextchat/chat.ts";
import { nextchatConfigRoutes } from "./nextchat/config.ts";
import { nextchatModelRoutes } from "./nextchat/models.ts";
import { usageRoute } from "./nextchat/usage.ts";
import { nextchatUserRoutes } from "./nextchat/users.ts";
import { loginRoute } from "./shared/login.ts";
import { messageRoutes } from "./shared/messages.ts";
import { sessionRoutes } from "./shared/sessions.ts";

/** Every route outside /api/v1 that clients of the surfaces call. The mount and the OpenAPI document are made from it. */
export const surfaceRoutes: readonly SurfaceRoute[] = [
  ...chatAuthRoutes,
  ...chatConversationRoutes,
  ...chatMessageRoutes,
  loginRoute,
  ...sessionRoutes,
  ...messageRoutes,
  ...imageAuthRoutes,
  ...imageRoutes,
  ...fileRoutes,
  ...adminAccountRoutes,
  ...adminTokenRoutes,
  ...adminKeyRoutes,
  ...adminStatsRoutes,
  ...adminBudgetRoutes,
  adminLogRoute,
  ...accessCodeRoutes,
  ...nextchatUserRoutes,
  ...nextchatAuthRoutes,
  ...nextchatKeyRoutes,
  ...nextchatModelRoutes,
  ...nextchatConfigRoutes,
  ...nextchatChatRoutes,
  usageRoute,
];
