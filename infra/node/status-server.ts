// The HTTP server of a host without the role `gateway`: /health, /ready and /metrics only.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Health } from "../../gateway/ports.ts";

const headersTimeoutMs = 10_000;
const maxConnections = 100;

export interface StatusServer {
  listen(port: number, host: string): Promise<{ port: number }>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function createStatusServer({ health }: { health: Health }): StatusServer {
  const pages: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    "/health": async (response) => answer(response, 200, { status: "ok" }),
    "/ready": async (response) => {
      const state = await health.ready();
      answer(response, state.ready ? 200 : 503, state);
    },
    "/metrics": async (response) => {
      const { contentType, body } = await health.metrics();
      response.writeHead(200, { "Content-Type": contentType }).end(body);
    },
  };
  const server = createServer({ headersTimeout: headersTimeoutMs }, (request, response) => {
    request.resume();
    const page = request.method === "GET" ? pages[request.url?.split("?", 1)[0] ?? ""] : undefined;
    if (!page) return answer(response, 404, { error: "This host has no gateway: /health, /ready and /metrics only." });
    page(response).catch((error: unknown) => answer(response, 500, { error: String(error) }));
  });
  server.maxConnections = maxConnections;
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen({ port, host }, () => resolve({ port: (server.address() as AddressInfo).port }));
      }),
    // There are no WebSockets to close, and /ready already reports that the host drains.
    drain: async () => {},
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
