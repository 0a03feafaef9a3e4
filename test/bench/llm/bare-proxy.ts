// The least that a proxy in Node does: every request goes to the upstream of the first argument, and every answer comes back, in
// the bytes that they came in. What this server does beyond it is the price of its work. A process of its own.
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

const upstream = new URL(process.argv[2] ?? "");
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

const server = createServer((incoming, response) => {
  const { method, url: path, headers } = incoming;
  const target = { host: upstream.hostname, port: upstream.port, method, path, headers, agent };
  const outgoing = request(target, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());
process.channel?.ref();
