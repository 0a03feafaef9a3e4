import { adminAccountRoutes } from "./admin/account.ts";
import { adminTokenRoutes } from "./admin/tokens.ts";
import { chatAuthRoutes } from "./chat/auth.ts";
import { chatConversationRoutes } from "./chat/conversations.ts";
import { chatMessageRoutes } from "./chat/messages.ts";
import type { SurfaceRoute } from "./kit/route.ts";

/** Every route outside /api/v1 that clients of the surfaces call. The mount and the OpenAPI document are made from it. */
export const surfaceRoutes: readonly SurfaceRoute[] = [
  ...chatAuthRoutes,
  ...chatConversationRoutes,
  ...chatMessageRoutes,
  ...adminAccountRoutes,
  ...adminTokenRoutes,
];
