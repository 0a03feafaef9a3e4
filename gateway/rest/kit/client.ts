// Who sends a request, as its headers say.
import type Koa from "koa";
import { DomainError } from "../../../actors/shared/errors.ts";
import { baseOf } from "../../kit/base-url.ts";
import { bearerOf } from "../../kit/bearer.ts";
import { addressOf } from "../../kit/client-address.ts";
import type { Client } from "./route.ts";

export function clientOf(ctx: Koa.Context, trustedProxies: number): Client {
  const ip = addressOf(ctx.req, trustedProxies);
  const client: Client = { ip, userAgent: ctx.get("User-Agent").slice(0, 256), origin: originOf(ctx, trustedProxies) };
  const authorization = ctx.get("Authorization");
  if (authorization !== "") client.authorization = authorization;
  const bearer = bearerOf(ctx.headers);
  if (bearer !== undefined) client.bearer = bearer;
  const idempotencyKey = ctx.get("Idempotency-Key");
  if (idempotencyKey === "") return client;
  if (!/^[\x21-\x7e]{1,64}$/.test(idempotencyKey)) {
    const expected = "1 to 64 visible ASCII characters";
    throw new DomainError("common.invalid", { details: [{ field: "Idempotency-Key", expected }] });
  }
  return { ...client, idempotencyKey };
}

/** Empty for a malformed Host header, which leads to relative addresses. */
function originOf(ctx: Koa.Context, trustedProxies: number): string {
  const isHost = /^[A-Za-z0-9.:[\]-]{1,255}$/.test(ctx.get("Host"));
  return isHost ? baseOf(ctx.req, trustedProxies) : "";
}
