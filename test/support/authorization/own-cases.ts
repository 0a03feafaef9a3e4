// Routes that concern only the caller: every logged-in user may call them, and they reach no data of other users.
import type { Person } from "../person.ts";

type Own = { query?: string; body?: unknown; params?: Record<string, string> };

/** Routes that work without a login. Every other route of gateway/rest/routes.ts refuses a request without one. */
export const publicRoutes: readonly string[] = [
  "POST /auth/register",
  "POST /auth/code",
  "POST /auth/login",
  "POST /auth/refresh",
  "POST /auth/password/reset",
  "POST /auth/oidc/start",
  "POST /auth/oidc/login",
  /** Signed by LiveKit instead. */
  "POST /livekit/webhook",
  "GET /groups/qrcode/:code/picture",
  /** Pages show it as an image; its address has the code. */
  "GET /users/qrcode/:code/picture",
];

/** For each route a request that is answered 2xx, in the order in which one login can make them. */
export const ownRoutes: Readonly<Record<string, (caller: Person) => Own>> = {
  "GET /auth/devices": () => ({}),
  "GET /auth/logins": () => ({}),
  "GET /users/me": () => ({}),
  "PUT /users/me": () => ({ body: { nickname: "Al" } }),
  "PUT /users/me/phone": ({ password, userId }) => ({
    body: { phoneNumber: `+86138${userId.slice(-8)}`, verifyCode: "123456", password },
  }),
  "PUT /users/me/email": ({ password, email }) => ({ body: { email, verifyCode: "123456", password } }),
  "PUT /users/me/account": ({ userId }) => ({ body: { account: `a${userId}` } }),
  "GET /users/me/settings": () => ({}),
  "PUT /users/me/settings": () => ({ body: { searchById: true } }),
  "GET /users/settings": () => ({}),
  "PUT /users/settings": () => ({ body: { searchById: true } }),
  "GET /users/me/qrcode": () => ({}),
  "POST /users/qrcode/refresh": () => ({ body: {} }),
  "GET /users/search": () => ({ query: "?keyword=nobody@example.test" }),
  "GET /friends": () => ({}),
  "GET /friends/blacklist": () => ({}),
  "GET /friends/requests": () => ({}),
  "GET /friends/groups": () => ({}),
  "POST /friends/groups": () => ({ body: { name: "Family" } }),
  "GET /friends/recommendations": () => ({}),
  "POST /friends/contacts": () => ({ body: { phones: ["13800000000"] } }),
  "GET /files": () => ({}),
  "GET /files/usage": () => ({}),
  "POST /files/upload/init": () => ({ body: { fileName: "a.txt", fileSize: 3, type: "chat_file" } }),
  "POST /files/upload-token": () => ({ body: { fileName: "a.txt", fileSize: 3, fileType: "file" } }),
  "GET /groups": () => ({}),
  "GET /groups/invitations": () => ({}),
  "GET /groups/requests": () => ({}),
  "GET /messages/offline": () => ({}),
  "GET /sessions": () => ({}),
  "GET /sessions/unread/total": () => ({}),
  "GET /conversations": () => ({}),
  "GET /conversations/unread/total": () => ({}),
  "GET /models/usage": () => ({ query: "?groupBy=model" }),
  "GET /assistants": () => ({}),
  "POST /assistants": () => ({ body: { name: "Parrot", model: "gpt-4o-mini" } }),
  "GET /calls": () => ({}),
  "GET /rtc/calls": () => ({}),
  "POST /auth/password/change": ({ password }) => ({ body: { oldPassword: password, newPassword: `${password}x` } }),
  "DELETE /auth/devices/:id": () => ({ params: { id: "a device of somebody else" } }),
  "POST /auth/logout": () => ({ body: {} }),
};

/** Frames about the socket itself. */
export const ownFrames: Readonly<Record<string, (caller: Person) => unknown>> = {
  PING: () => ({}),
  AUTH_REFRESH: ({ token }) => ({ token }),
  NOTIFICATION_ACK: () => ({ notificationIds: ["1"] }),
};

/** Frames that are allowed before CONNECT_ACK only. */
export const handshakeFrames: readonly string[] = ["AUTH"];
