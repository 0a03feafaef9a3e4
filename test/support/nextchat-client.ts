// People at the NextChat surface, who know its addresses and field names alone.
import { SurfaceClient } from "./surface-client.ts";

export const nextchatPassword = "password123";
export const rootEnv = { ADMIN_USERNAME: "root", ADMIN_PASSWORD: "correct horse battery" };

type Place = { readonly port: number };

/** A user, logged in. */
export async function registersAtNextChat(at: Place, username: string): Promise<SurfaceClient> {
  const client = new SurfaceClient(at);
  const password = nextchatPassword;
  const made = await client.posts("/api/users", { username, email: `${username}@example.test`, password });
  if (made.status !== 200) throw new Error(`${username} cannot register: ${JSON.stringify(made.body)}`);
  await logsIn(client, { username, password });
  return client;
}

/** The administrator of a server that was started with `rootEnv`. */
export async function rootAtNextChat(at: Place): Promise<SurfaceClient> {
  const root = new SurfaceClient(at);
  await logsIn(root, { username: rootEnv.ADMIN_USERNAME, password: rootEnv.ADMIN_PASSWORD });
  return root;
}

async function logsIn(client: SurfaceClient, body: object): Promise<void> {
  const { status, body: login } = await client.posts("/api/auth/login", body);
  if (status !== 200) throw new Error(`no login: ${JSON.stringify(login)}`);
  client.token = login.access_token;
  client.userId = login.user.id;
}
