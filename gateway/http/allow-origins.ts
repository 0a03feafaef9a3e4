// Cross-origin requests of browsers (the Fetch standard, "CORS protocol"), for pages that are served elsewhere.
import type Koa from "koa";

const methods = "GET, POST, PUT, PATCH, DELETE";
const exposed = "X-Request-Id, X-Trace-Id, X-Attempts, X-Overhead-Ms, Retry-After";
const preflightSeconds = "600";

/** Without origins nothing is allowed. Cookies are never: a page elsewhere sends its token in a header. */
export function allowOrigins(origins: readonly string[]): Koa.Middleware {
  const isAllowed = (origin: string) => origin !== "" && (origins.includes("*") || origins.includes(origin));
  return async (ctx, next) => {
    if (origins.length === 0) return next();
    const origin = ctx.get("Origin");
    ctx.vary("Origin");
    if (!isAllowed(origin)) return next();
    ctx.set("Access-Control-Allow-Origin", origin);
    ctx.set("Access-Control-Expose-Headers", exposed);
    if (ctx.method !== "OPTIONS" || ctx.get("Access-Control-Request-Method") === "") return next();
    ctx.set("Access-Control-Allow-Methods", methods);
    ctx.set("Access-Control-Allow-Headers", ctx.get("Access-Control-Request-Headers"));
    ctx.set("Access-Control-Max-Age", preflightSeconds);
    ctx.status = 204;
  };
}
