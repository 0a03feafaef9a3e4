// Which requests leave a line in the log: logins and registrations, secrets, users, settings, and whatever is deleted.
import type { SurfaceRoute } from "./route.ts";

const sensitive = /\/(auth|users|api-keys|config|admin)(\/|$)/;

export function isAudited({ method, path }: Pick<SurfaceRoute, "method" | "path">): boolean {
  return method === "DELETE" || (method !== "GET" && sensitive.test(path));
}
