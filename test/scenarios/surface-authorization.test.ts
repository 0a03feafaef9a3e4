// Every route of the surfaces is classified, and refuses whom it has to refuse, in the shape of its surface.
import test from "ava";
import { surfaceRoutes } from "../../gateway/surfaces/routes.ts";
import { v1Routes } from "../../gateway/v1/routes.ts";
import { fillPath } from "../support/authorization/case.ts";
import {
  adminSurfaceRoutes,
  ownedSurfaceRoutes,
  ownSurfaceRoutes,
  publicSurfaceRoutes,
} from "../support/authorization/surface-routes.ts";
import { ImageClient } from "../support/image-client.ts";
import { startModelNode } from "../support/llm/model-node.ts";
import { Person } from "../support/person.ts";
import { fourColours } from "../support/pictures.ts";
import { startTestNode } from "../support/start-node.ts";
import { registersAtChat, SurfaceClient } from "../support/surface-client.ts";

const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const errorFields = { chat: "detail", nextchat: "message", gpt2api: "error", image: "message", v1: "error" } as const;

test("every route of a surface is in one class", (t) => {
  const classes = [publicSurfaceRoutes, ownSurfaceRoutes, Object.keys(ownedSurfaceRoutes), adminSurfaceRoutes];
  const classified = classes.flat();
  t.deepEqual(classified.toSorted(), surfaceRoutes.map(nameOf).toSorted());
  const authOf = (name: string) => surfaceRoutes.find((route) => nameOf(route) === name)?.auth;
  t.deepEqual(
    classified.filter((name) => (authOf(name) === "none") !== publicSurfaceRoutes.includes(name)),
    [],
  );
  t.deepEqual(
    classified.filter((name) => (authOf(name) === "admin") !== adminSurfaceRoutes.includes(name)),
    [],
  );
});

test("without a login every other route answers 401 in its surface's shape, also to a forged token", async (t) => {
  await using node = await startTestNode();
  const client = new SurfaceClient(node);
  for (const route of surfaceRoutes.filter(({ auth }) => auth !== "none")) {
    for (const token of [undefined, "not.a.token", "sk-0123456789abcdef0123456789abcdef"]) {
      client.token = token;
      const body = route.method === "GET" ? undefined : {};
      const answer = await client.asks(route.method, fillPath(route.path, {}), body);
      t.is(answer.status, 401, `${nameOf(route)} ${token}`);
      t.truthy(answer.body[errorFields[route.surfaces[0].name]], nameOf(route));
      t.truthy(answer.headers.get("x-request-id"), nameOf(route));
    }
  }
});

test("every route of OpenAI's format is described, asks for a key, and answers its errors in OpenAI's shape", async (t) => {
  await using node = await startModelNode({ isSystem: true });
  const alice = await registersAtChat(node, "alice");
  for (const route of v1Routes) {
    for (const prefix of ["", "/compat/gpt2api", "/api/openai"]) {
      for (const token of [undefined, "not.a.token", "sk-0123456789abcdef0123456789abcdef"]) {
        const client = new SurfaceClient(node, { base: prefix });
        client.token = token;
        const answer = await client.asks(
          route.method,
          fillPath(route.path, {}),
          route.method === "GET" ? undefined : {},
        );
        t.is(answer.status, 401, `${nameOf(route)} ${token}`);
        t.is(answer.body.error.code, "invalid_api_key");
        t.truthy(answer.headers.get("x-request-id"));
      }
    }
    const answer = await alice.asks(route.method, fillPath(route.path, {}), route.method === "GET" ? undefined : {});
    t.true([200, 400, 404].includes(answer.status), `${nameOf(route)} ${answer.status}`);
    if (answer.status === 404) t.regex(answer.body.error.code, /model_not_found|response_not_found/, nameOf(route));
  }
});

test("a route of administrators refuses every other user", async (t) => {
  await using node = await startTestNode();
  const alice = await Person.registers(node, "alice");
  const client = new SurfaceClient(node);
  client.token = alice.token;
  for (const name of adminSurfaceRoutes) {
    const [method = "", path = ""] = name.split(" ");
    const answer = await client.asks(method, fillPath(path, {}), method === "GET" ? undefined : {});
    t.is(answer.status, 403, name);
  }
});

test("a thing of one user does not exist for another one, who leaves no trace", async (t) => {
  await using node = await startModelNode();
  // The reply to the message does not end meanwhile.
  node.upstream.always(({ left }) => left);
  const [alice, mallory] = await Promise.all(["alice", "mallory"].map((name) => registersAtChat(node, name)));
  await alice!.setsModel(node.upstream.url);
  const made = (await alice!.posts("/conversations", { title: "private" })).body;
  const sent = (await alice!.posts(`/conversations/${made.id}/messages`, { content: "a secret" })).body;
  const images = new ImageClient(node, alice!.token ?? "");
  const photo = await fourColours().png().toBuffer();
  const image = await images.uploads([{ field: "image", bytes: photo }], { sessionId: String(made.id) });
  const key = (await alice!.posts("/api/api-keys", { provider: "openai", api_key: "sk-secret" })).body;
  const owner = {
    ...{ userId: alice!.userId, chatId: String(made.id), messageId: String(sent.id) },
    ...{ imageId: String(image.body.id), providerKeyId: String(key.id) },
  };
  const before = await readAll(alice!, made.id);
  for (const [name, { id, body, status = 404 }] of Object.entries(ownedSurfaceRoutes)) {
    const [method = "", path = ""] = name.split(" ");
    const filled = path.replace(/:\w+/, id(owner));
    const answer = await mallory!.asks(method, filled, method === "GET" ? undefined : (body ?? {}));
    t.is(answer.status, status, name);
    t.notRegex(JSON.stringify(answer.body), /secret|private/, name);
  }
  t.deepEqual(await readAll(alice!, made.id), before);
  t.true((await alice!.gets("/api/api-keys")).body.data[0].is_active);
  t.is((await mallory!.gets("/conversations")).body.total, 0);
});

async function readAll(client: SurfaceClient, id: number) {
  const conversation = (await client.gets(`/conversations/${id}`)).body;
  return { title: conversation.title, messages: (await client.gets(`/conversations/${id}/messages`)).body };
}
