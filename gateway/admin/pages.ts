// The admin pages at /admin/ and /admin/login.html: one document, whose script draws the page that the address names. The
// routes that the script calls are in gateway/surfaces/admin/.
import type Koa from "koa";
import { serveSite } from "../browser/site.ts";
import type { BrowserApp } from "../ports.ts";

/** No inline script, no inline style, no eval, nothing from elsewhere, in no frame. Text never becomes HTML. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#3553d1"/><path d="M9 22V11.5A2.5 2.5 0 0 1 11.5 9h9a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-2.5 2.5H13z" fill="none" stroke="#fff" stroke-width="2.4" stroke-linejoin="round"/></svg>`;

export function serveAdminPages(app: BrowserApp | undefined): Koa.Middleware {
  if (!app) return (_, next) => next();
  const serve = serveSite(app, {
    ...{ policy, icon },
    pages: ["/admin/", "/admin/index.html", "/admin/login.html"],
    assets: "/admin/assets/",
    title: "Parley administration",
    viewport: "width=device-width, initial-scale=1",
    meta: ['<meta name="robots" content="noindex">'],
    noScript: "These pages need JavaScript.",
  });
  return (ctx, next) => {
    if (ctx.path !== "/admin" || (ctx.method !== "GET" && ctx.method !== "HEAD")) return serve(ctx, next);
    ctx.state.route = "/admin/";
    ctx.redirect("/admin/");
  };
}
