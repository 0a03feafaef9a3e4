// Who may call which route of the surfaces for clients of models. A new route needs a line here.

/** Without a login. */
export const publicSurfaceRoutes: readonly string[] = ["POST /auth/register", "POST /auth/login", "POST /admin/login"];

/** About the caller alone: nothing in the request names a thing of somebody. */
export const ownSurfaceRoutes: readonly string[] = ["GET /auth/me", "PUT /auth/config", "GET /auth/config"];

/** About a thing that has an owner. The error of everybody else says no more than that there is no such thing. */
export const ownedSurfaceRoutes: Readonly<
  Record<string, { of: "conversation" | "message" | "user" | "key"; status: number }>
> = {};

/** Of administrators: everybody else gets 403. */
export const adminSurfaceRoutes: readonly string[] = [
  "POST /admin/logout",
  "POST /admin/change-password",
  "GET /admin/profile",
];
