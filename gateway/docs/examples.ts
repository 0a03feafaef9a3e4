// Examples for the reference, made from the schemas, so that the server accepts or sends every one of them.
import type { JsonSchema, Schemas } from "./json-schema.ts";

const alice = "247239848097504";
const bob = "247239848101600";
const startMs = 1_767_225_600_000; // 2026-01-01

/** Example values of fields with these names. */
const usual: Readonly<Record<string, unknown>> = {
  ...{ userId: bob, senderId: bob, callerId: alice, calleeId: bob, fromUserId: bob, toUserId: alice, ownerId: alice },
  ...{ userIds: [bob], memberIds: [bob], operatorId: bob, inviterId: bob, by: bob, newOwnerId: bob },
  ...{ messageId: "247239854613728", messageIds: ["247239854613728"], replyTo: "247239854600000" },
  ...{ sessionId: `s_${alice}_${bob}`, conversationId: `s_${alice}_${bob}`, sessionType: "single" },
  ...{ groupId: "247239848200000", deviceId: "d1f0c2", loginId: "l-7", storeId: "k3v9", requestId: "247239849000000" },
  ...{ msgId: "c0ffee-1", clientMsgId: "c0ffee-1", contentType: "text", content: "Hello", message: "Hello" },
  ...{ nickname: "Bob", senderName: "Bob", callerName: "Alice", name: "Bob", groupName: "Hikers", remark: "Bobby" },
  ...{ avatar: "/files/bob.png", senderAvatar: "/files/bob.png", callerAvatar: "/files/alice.png" },
  ...{ email: "bob@example.org", phone: "+4930123456", phoneNumber: "+4930123456", account: "bob" },
  ...{ password: "Passw0rd1", newPassword: "Passw0rd2", oldPassword: "Passw0rd1", verifyCode: "123456" },
  ...{ accessToken: "eyJhbGciOi…", refreshToken: "r1.247239848101600.…", token: "eyJhbGciOi…" },
  ...{ deviceType: "PC", platform: "PC", birthday: "1990-01-31", language: "en", code: 0 },
  ...{ seq: 42, version: 57, cursor: 247_239_854_613_728, userVersion: 9, lastSeq: 41, readSeq: 42, limit: 50 },
  ...{ expiresIn: 7_200, heartbeatInterval: 30, jitter: 0.5, pageSize: 20, page: 1, keyword: "hello" },
  ...{ callId: "247239855000000", roomName: "call-247239855000000", ip: "192.0.2.7", userAgent: "Parley/1.0" },
  ...{ emoji: "👍", codeStr: "000000", trace_id: "4bf92f3577b34da6" },
};
const isTime = /(?:^timestamp|Time|At|since|lastSeen|until|Until)$/;

/** `all` shows optional fields, too: answers show all fields, requests only the required ones. */
export function createExamples(components: Schemas, all: boolean) {
  return (schema: JsonSchema): unknown => exampleOf(schema, "");

  function exampleOf(schema: JsonSchema, name: string): unknown {
    const { $ref, anyOf, enum: values, type } = schema;
    if (typeof $ref === "string") return exampleOf(components[$ref.split("/").at(-1)!] ?? {}, name);
    if (Array.isArray(anyOf)) return exampleOf(anyOf[0] as JsonSchema, name);
    if (Array.isArray(values)) return values[0];
    if (name in usual && fits(usual[name], schema)) return usual[name];
    if (type === "object") return objectExample(schema);
    if (type === "array") return [exampleOf(schema.items as JsonSchema, name.replace(/s$/, ""))];
    if (type === "integer" || type === "number") return numberExample(schema, name);
    if (type === "string") return stringExample(schema, name);
    return type === "boolean" ? true : type === "null" ? null : "Hello";
  }

  function objectExample({ properties = {}, required = [], additionalProperties }: JsonSchema): object {
    const fields = Object.entries(properties as Schemas);
    const isRequired = (name: string) => (required as string[]).includes(name);
    // The conversation of the examples is a chat of two.
    const isShown = (name: string) => isRequired(name) || (all && name !== "groupId");
    const shown = fields.filter(([name]) => isShown(name));
    const example = Object.fromEntries(shown.map(([name, each]) => [name, exampleOf(each, name)]));
    if (typeof additionalProperties !== "object" || additionalProperties === null) return example;
    return { [`s_${alice}_${bob}`]: exampleOf(additionalProperties as JsonSchema, "version") };
  }
}

function numberExample({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: JsonSchema, name: string): number {
  if (isTime.test(name)) return startMs;
  return Math.min(Math.max(1, Number(minimum)), Number(maximum));
}

function stringExample({ minLength = 0, maxLength = 64 }: JsonSchema, name: string): string {
  const text = name === "" ? "text" : name;
  return text.slice(0, Number(maxLength)).padEnd(Number(minLength), "x");
}

function fits(value: unknown, { type, maxLength, maximum }: JsonSchema): boolean {
  if (type === undefined) return true;
  if (type === "array") return Array.isArray(value);
  if (type === "integer" || type === "number") return typeof value === "number" && value <= Number(maximum ?? value);
  return typeof value === type && (maxLength === undefined || String(value).length <= Number(maxLength));
}
