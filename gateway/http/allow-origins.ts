// Cross-origin requests of browsers (the Fetch standard, "CORS protocol"), for pages that are served elsewhere.
import type { IncomingMessage, ServerResponse } from "node:http";
import type Koa from "koa";

const methods = "GET, POST, PUT, PATCH, DELETE";
const exposed = "X-Request-Id, X-Trace-Id, X-Attempts, X-Overhead-Ms, Retry-After";
const preflightSeconds = "600";

/** Sets the headers of the answer. True for a preflight request that is allowed: nothing else is to be answered. */
export type Cors = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Without origins nothing is allowed. Cookies are never: a page elsewhere sends its token in a header. */
export function createCors(origins: readonly string[]): Cors {
  const isAllowed = (origin: string) => origins.includes("*") || origins.includes(origin);
  return ({ headers, method }, response) => {
    if (origins.length === 0) return false;
    response.setHeader("Vary", "Origin");
    const { origin } = headers;
    if (origin === undefined || origin === "" || !isAllowed(origin)) return false;
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Expose-Headers", exposed);
    if (method !== "OPTIONS" || headers["access-control-request-method"] === undefined) return false;
    response.setHeader("Access-Control-Allow-Methods", methods);
    response.setHeader("Access-Control-Allow-Headers", headers["access-control-request-headers"] ?? "");
    response.setHeader("Access-Control-Max-Age", preflightSeconds);
    return true;
  };
}

export function allowOrigins(cors: Cors): Koa.Middleware {
  return async (ctx, next) => {
    if (!cors(ctx.req, ctx.res)) return next();
    ctx.status = 204;
  };
}
