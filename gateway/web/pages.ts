// The chat for browsers, at `/`: one document, whose script draws the page that the hash of the address names. It uses the
// routes and the socket that every client uses, by gateway/client/.
import type Koa from "koa";
import { serveSite } from "../browser/site.ts";
import type { BrowserApp } from "../ports.ts";

/**
 * No inline script or style, no eval, in no frame; text never becomes HTML. Pictures, sound and film come from this origin or
 * from memory. The page connects to this server and to LiveKit, which carries calls.
 */
const policyFor = (media: readonly string[]) => [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  `connect-src ${["'self'", ...media].join(" ")}`,
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#1f6f5c"/><path d="M9 22.5V11.5A2.5 2.5 0 0 1 11.5 9h9a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-2.5 2.5H13z" fill="none" stroke="#fff" stroke-width="2.4" stroke-linejoin="round"/></svg>`;

const meta = [
  '<meta name="theme-color" content="#f4f3f0" media="(prefers-color-scheme: light)">',
  '<meta name="theme-color" content="#121417" media="(prefers-color-scheme: dark)">',
  '<meta name="description" content="Chat with people and with models.">',
];

/** `mediaUrl`: the address of LiveKit, when the host offers calls. */
export function serveWebChat(app: BrowserApp | undefined, mediaUrl: string | undefined): Koa.Middleware {
  if (!app) return (_, next) => next();
  const policy = policyFor(mediaUrl === undefined ? [] : originsOf(mediaUrl)).join("; ");
  return serveSite(app, {
    ...{ policy, icon, meta },
    pages: ["/"],
    assets: "/assets/",
    title: "Parley",
    viewport: "width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content",
    noScript: "This page needs JavaScript.",
  });
}

/** LiveKit's client opens a socket, and asks the same host by HTTP when the socket fails. */
function originsOf(mediaUrl: string): string[] {
  const { protocol, host } = new URL(mediaUrl);
  const isSecure = protocol === "wss:" || protocol === "https:";
  return isSecure ? [`wss://${host}`, `https://${host}`] : [`ws://${host}`, `http://${host}`];
}
