import type { Session } from "./session.ts";

/** Requests of the logged-in user. */
export function createCalls(session: Session) {
  return {
    get: <T>(path: string) => session.call<T>("GET", path),
    post: <T = unknown>(path: string, body: object = {}) => session.call<T>("POST", path, body),
    put: <T = unknown>(path: string, body: object) => session.call<T>("PUT", path, body),
    remove: (path: string) => session.call<unknown>("DELETE", path),
  };
}
export type Calls = ReturnType<typeof createCalls>;
