// Who may call which route of the surfaces for clients of models. A new route needs a line here.

/** Without a login. Files are shown by a signed address, or to a login that the route asks for itself. */
export const publicSurfaceRoutes: readonly string[] = [
  "POST /auth/register",
  "POST /auth/login",
  "POST /admin/login",
  "POST /api/auth/login",
  "POST /api/auth/register",
  "POST /api/auth/refresh",
  "POST /api/auth/access-code",
  "POST /api/users",
  "GET /api/config",
  "POST /api/config",
  "GET /files/:id",
  "GET /files/:id/thumb",
];

/** About the caller alone: nothing in the request names a thing of somebody. */
export const ownSurfaceRoutes: readonly string[] = [
  "GET /auth/me",
  "PUT /auth/config",
  "GET /auth/config",
  "POST /conversations",
  "GET /conversations",
  "GET /api/usage",
  "GET /api/auth/me",
  "POST /api/auth/logout",
  "GET /api/sessions",
  "POST /api/sessions",
  "GET /api/api-keys",
  "POST /api/api-keys",
  "GET /api/models",
  "POST /api/chat/completions",
  "POST /api/chat/stream",
];

/** About a thing that has an owner. The error of everybody else says no more than that there is no such thing. */
export const ownedSurfaceRoutes: Readonly<Record<string, Owned>> = {
  "GET /conversations/:id": { id: chatId },
  "DELETE /conversations/:id": { id: chatId },
  "GET /conversations/:id/messages": { id: chatId },
  "POST /conversations/:id/messages": { id: chatId, body: { content: "mine now" } },
  "GET /api/sessions/:id": { id: chatId },
  "PUT /api/sessions/:id": { id: chatId, body: { title: "mine now" } },
  "DELETE /api/sessions/:id": { id: chatId },
  "GET /api/sessions/:sessionId/messages": { id: chatId },
  "POST /api/sessions/:sessionId/messages": { id: chatId, body: { role: "user", text: "mine now" } },
  "PUT /api/messages/:id": { id: messageId, body: { text: "mine now" } },
  "DELETE /api/messages/:id": { id: messageId },
  "POST /api/messages/:id/regenerate": { id: messageId },
  "GET /api/chat/:sessionId/stream": { id: chatId },
  "POST /api/chat/:sessionId/stop": { id: chatId },
  "GET /api/users/:id": { id: ({ userId }) => userId, status: 403 },
  "PUT /api/users/:id": { id: ({ userId }) => userId, body: { avatar: "/files/mine-now.png" }, status: 403 },
  "DELETE /api/users/:id": { id: ({ userId }) => userId, status: 403 },
  "DELETE /api/api-keys/:id": { id: ({ providerKeyId }) => providerKeyId },
  "PUT /api/api-keys/:id/active": { id: ({ providerKeyId }) => providerKeyId, body: { is_active: false } },
  "GET /api/images/session/:sessionId": { id: chatId },
  "GET /api/images/:imageId": { id: ({ imageId }) => imageId },
  // Forms: of strangers' forms tells test/scenarios/image-files.test.ts.
  "POST /api/images/upload": { id: chatId, status: 400 },
  "POST /api/images/upload/batch": { id: chatId, status: 400 },
};

/** A request about a thing of `alice`, and what everybody else is answered. */
interface Owned {
  id: (alice: Owner) => string;
  body?: object;
  status?: number;
}
/** What a user has: one conversation with one message and one image, and a key of a provider. */
interface Owner {
  userId: string;
  chatId: string;
  messageId: string;
  providerKeyId: string;
  imageId: string;
}

function chatId(alice: Owner): string {
  return alice.chatId;
}

function messageId(alice: Owner): string {
  return alice.messageId;
}

/** Of administrators: everybody else gets 403. */
export const adminSurfaceRoutes: readonly string[] = [
  "POST /admin/logout",
  "POST /admin/change-password",
  "GET /admin/profile",
  "GET /admin/tokens",
  "POST /admin/tokens/import",
  "PATCH /admin/tokens/:id",
  "PUT /admin/tokens/:id",
  "DELETE /admin/tokens/:id",
  "POST /admin/tokens/:id/refresh",
  "GET /admin/api-keys",
  "POST /admin/api-keys",
  "PATCH /admin/api-keys/:id",
  "PUT /admin/api-keys/:id",
  "DELETE /admin/api-keys/:id",
  "GET /admin/users/:id/budget",
  "PUT /admin/users/:id/budget",
  "GET /admin/stats/overview",
  "GET /admin/stats/usage",
  "GET /admin/logs",
  "GET /admin/access-codes",
  "POST /admin/access-codes",
  "PUT /api/config",
];
