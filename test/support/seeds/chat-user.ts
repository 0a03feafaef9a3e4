// A user of the one-to-one chat, as its own clients make one: registered and logged in on its port.
import type { SurfaceClient } from "../surface-client.ts";
import type { SeedNode } from "./seed-node.ts";

export const chatUserPassword = "correct horse";

export async function registersOn(node: SeedNode, username: string): Promise<SurfaceClient> {
  const client = node.client();
  const user = { username, email: `${username}@example.test`, password: chatUserPassword };
  await client.posts("/auth/register", user);
  const login = { username_or_email: username, password: chatUserPassword };
  client.token = (await client.posts("/auth/login", login)).body.access_token;
  return client;
}
