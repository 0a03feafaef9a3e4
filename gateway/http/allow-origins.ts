// Requests of pages (the Fetch standard, "CORS protocol"): which origins may call this server, and which may open a socket.
import type { IncomingMessage, ServerResponse } from "node:http";
import type Koa from "koa";

const methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
const exposed = "X-Request-Id, X-Trace-Id, X-Attempts, X-Overhead-Ms, Retry-After, ETag, Content-Range";
const preflightSeconds = "600";

export interface Origins {
  /**
   * False: the page that asks was served elsewhere, and its origin is not listed. Requests without an origin do not come from
   * a page.
   */
  allows(request: Pick<IncomingMessage, "headers">): boolean;
  /** Sets the headers of the answer. True for a preflight request that is allowed: nothing else is to be answered. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

/**
 * Pages of this server may always call it. `listed` names the others, or is `*`. Cookies are never allowed: a page sends its
 * token in a header.
 */
export function createOrigins(listed: readonly string[]): Origins {
  const isAllowed = (origin: string, host: string | undefined) =>
    isOwn(origin, host) || listed.includes("*") || listed.includes(origin);
  return {
    allows: ({ headers: { origin, host } }) => origin === undefined || origin === "" || isAllowed(origin, host),

    answer({ headers, method }, response) {
      response.setHeader("Vary", "Origin");
      const { origin, host } = headers;
      if (origin === undefined || origin === "" || !isAllowed(origin, host)) return false;
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Access-Control-Expose-Headers", exposed);
      if (method !== "OPTIONS" || headers["access-control-request-method"] === undefined) return false;
      response.setHeader("Access-Control-Allow-Methods", methods);
      response.setHeader("Access-Control-Allow-Headers", headers["access-control-request-headers"] ?? "");
      response.setHeader("Access-Control-Max-Age", preflightSeconds);
      return true;
    },
  };
}

/** The scheme is not compared: a proxy in front may end TLS. */
function isOwn(origin: string, host: string | undefined): boolean {
  const page = URL.parse(origin);
  if (page === null || host === undefined || !/^https?:$/.test(page.protocol)) return false;
  return URL.parse(`${page.protocol}//${host}`)?.host === page.host;
}

export function allowOrigins(origins: Origins): Koa.Middleware {
  return async (ctx, next) => {
    if (!origins.answer(ctx.req, ctx.res)) return next();
    ctx.status = 204;
  };
}
