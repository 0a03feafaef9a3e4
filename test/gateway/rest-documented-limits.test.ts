// Every limit of /openapi.json is the one that the gateway keeps: what just fits passes, one more is refused.
import test from "ava";
import type { Reading } from "../../actors/reading/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { aliceId, startEdge } from "./rest-edge.ts";

interface Schema {
  type?: string;
  maxLength?: number;
  minLength?: number;
  maximum?: number;
  minimum?: number;
  maxItems?: number;
  enum?: string[];
  pattern?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
}
interface Operation {
  operationId: string;
  security: object[];
  parameters: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
interface Probe {
  /** Of the refusal: `contacts`, `conversationSeqs[0].conversationId`. */
  field: string;
  limit: string;
  fits: unknown;
  tooMuch: unknown;
}

/** Two UTF-16 units each: a limit that counts units refuses half as many. */
const astral = (count: number) => "😀".repeat(count);

function probesOf(field: string, schema: Schema): Probe[] {
  const { type, maxLength, minLength, maximum, minimum, maxItems, items, properties } = schema;
  const probes: Probe[] = [];
  const add = (limit: string, fits: unknown, tooMuch: unknown) => probes.push({ field, limit, fits, tooMuch });
  if (schema.enum || schema.pattern) return [];
  if (type === "string") {
    if (maxLength !== undefined) add(`maxLength ${maxLength}`, astral(maxLength), astral(maxLength + 1));
    if (minLength) add(`minLength ${minLength}`, astral(minLength), astral(minLength - 1));
  }
  if (type === "integer") {
    if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) add(`maximum ${maximum}`, maximum, maximum + 1);
    if (minimum !== undefined) add(`minimum ${minimum}`, minimum, minimum - 1);
  }
  if (type === "array" && items) {
    const item = { string: "1", integer: 1, object: {} }[items.type ?? "string"] ?? "1";
    if (maxItems !== undefined) add(`maxItems ${maxItems}`, Array(maxItems).fill(item), Array(maxItems + 1).fill(item));
    const inner = probesOf(`${field}[0]`, items);
    probes.push(...inner.map((each) => ({ ...each, fits: [each.fits], tooMuch: [each.tooMuch] })));
  }
  for (const [name, property] of Object.entries(type === "object" ? (properties ?? {}) : {})) {
    const inner = probesOf(`${field}.${name}`, property);
    probes.push(...inner.map((each) => ({ ...each, fits: { [name]: each.fits }, tooMuch: { [name]: each.tooMuch } })));
  }
  return probes;
}

test("every documented limit of a route is the limit that the route keeps", async (t) => {
  const reading = new Proxy({} as Reading, {
    get: () => async () => {
      throw new DomainError("session.not_found");
    },
  });
  await using edge = await startEdge({}, { reading });
  const { body: api } = await edge.ask("GET", "/openapi.json");
  const token = edge.tokenOf(aliceId);
  let probed = 0;
  const wrong: string[] = [];
  const paths = Object.entries<Record<string, Operation & { servers?: unknown }>>(api.paths);
  for (const [path, methods] of paths) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.servers !== undefined) continue; // a surface
      const ask = async (query: string, body: unknown) => {
        const url = `${api.servers[0].url}${path.replace(/\{\w+\}/g, "1")}${query}`;
        return edge.ask(method.toUpperCase(), url, { token, ...(method !== "get" && { body }) });
      };
      const refuses = async ({ field, limit }: Probe, answer: ReturnType<typeof ask>) => {
        const { body } = await answer;
        const expected = /length/i.test(limit) ? /string(Min|Max)/ : /number(Min|Max)|arrayMax/;
        const details = Array.isArray(body.data) ? (body.data as { field: string; expected: string }[]) : [];
        return body.code === 1 && details.some((each) => each.field === field && expected.test(each.expected));
      };
      const check = async (probe: Probe, askWith: (value: unknown) => ReturnType<typeof ask>) => {
        probed += 1;
        const title = `${operation.operationId} ${probe.field} ${probe.limit}`;
        if (await refuses(probe, askWith(probe.fits))) wrong.push(`${title}: refuses what fits`);
        if (!(await refuses(probe, askWith(probe.tooMuch)))) wrong.push(`${title}: takes more`);
      };
      for (const { name, schema } of operation.parameters.filter((each) => each.in === "query")) {
        const askWith = (value: unknown) => ask(`?${name}=${encodeURIComponent(String(value))}`, {});
        for (const probe of probesOf(name, schema)) await check(probe, askWith);
      }
      const { properties = {} } = operation.requestBody?.content["application/json"]?.schema ?? {};
      for (const [name, schema] of Object.entries(properties)) {
        for (const probe of probesOf(name, schema)) await check(probe, (value) => ask("", { [name]: value }));
      }
    }
  }
  t.deepEqual(wrong, []);
  t.true(probed > 100, `${probed} limits`);
});
