// Requests to a route, made from its address and its schemas.
import type { Rule } from "../../../gateway/input/validate.ts";
import type { SeededRandom } from "../seeded-random.ts";
import { bodyOf, jsonOf, oddText } from "./values.ts";

export interface FuzzedRoute {
  method: string;
  path: string;
  query?: Readonly<Record<string, Rule>>;
  body?: Readonly<Record<string, Rule>>;
}

interface FuzzedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

/** `ids`: of things that exist, the caller's own and those of others. */
export function fuzzedRequest(route: FuzzedRoute, random: SeededRandom, ids: readonly string[]): FuzzedRequest {
  const path = route.path.replace(/:\w+/g, () => (random.below(3) > 0 ? random.pick(ids) : oddPathPart(random)));
  const headers: Record<string, string> = {};
  if (random.below(8) === 0)
    headers["x-api-dialect"] = random
      .pick(["image", "nextchat", "001", "004", "none", "…"])
      .replace("…", "x".repeat(300));
  if (random.below(8) === 0) headers["idempotency-key"] = random.pick(["k", "k".repeat(300), "a b", "__proto__"]);
  if (random.below(8) === 0) headers["x-forwarded-for"] = random.pick(["1.2.3.4", "nonsense", "::1, ::2", ","]);
  const address = path + queryOf(route.query ?? {}, random, ids);
  if (route.method === "GET") return { method: route.method, path: address, headers };
  const type =
    random.below(12) === 0
      ? random.pick(["text/plain", "multipart/form-data; boundary=x", "x", ""])
      : "application/json";
  if (type !== "") headers["content-type"] = type;
  return { method: route.method, path: address, headers, body: jsonOf(bodyOf(route.body ?? {}, random, ids), random) };
}

function oddPathPart(random: SeededRandom): string {
  const raw = ["%E0%A4%A", "%00", "%2e%2e%2f", "%F0%9F%A6%80", "..;", "%ff", "-1", "0", "1e5", "99999999999999999999"];
  if (random.below(2) === 0) return random.pick(raw);
  return encodeURIComponent(oddText(random).slice(0, 500)) || "0";
}

function queryOf(shape: Readonly<Record<string, Rule>>, random: SeededRandom, ids: readonly string[]): string {
  const pairs: string[] = [];
  for (const [field, value] of Object.entries(bodyOf(shape, random, ids))) {
    const given = typeof value === "object" ? JSON.stringify(value) : String(value);
    pairs.push(`${encodeURIComponent(field.slice(0, 200))}=${encodeURIComponent(given.slice(0, 1_000))}`);
  }
  if (random.below(10) === 0) pairs.push(...pairs, "&&=", "%E0%A4%A=1", "a[b]=1");
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}
