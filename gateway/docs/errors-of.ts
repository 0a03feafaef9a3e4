// The errors that a route or a client frame answers: those of every request like it, the refusals in the table of rights
// for what it does, and those that it lists itself.
import { listVerdicts, type Operation, type Realm } from "../../actors/shared/authorization.ts";
import { type ErrorName, errors } from "../../actors/shared/errors.ts";
import type { Route } from "../rest/kit/route.ts";
import type { SurfaceAuth } from "../surfaces/kit/surface.ts";
import type { ClientFrame } from "../ws/frames/client-frame.ts";

/** A route under /api/v1, or one of a surface. */
type Described = Pick<Route, "path" | "query" | "body" | "form" | "does" | "errors"> & {
  method: string;
  auth: SurfaceAuth | Route["auth"];
};

export function errorsOf(route: Described): ErrorName[] {
  const names = new Set<ErrorName>([
    ...ofEveryRequest,
    ...(route.auth === "none" ? [] : ofUsers),
    ...(route.auth === "key" ? (["llm.key_invalid"] as const) : []),
    ...(route.auth === "admin" ? (["common.forbidden"] as const) : []),
    ...(route.query || route.body || route.form ? ofInput : []),
    ...(route.method === "GET" ? [] : ofChanges),
    ...(route.does ?? []).flatMap((operation) => refusalsOf(operation, route.path)),
    ...(route.errors ?? []),
    ...(route.body?.refuses === undefined ? [] : [route.body.refuses]),
  ]);
  return (Object.keys(errors) as ErrorName[]).filter((name) => names.has(name));
}

/** The errors of ERROR. A time-out is answered as common.unavailable, because the frame may still take effect. */
export function errorsOfFrame(frame: Pick<ClientFrame, "does" | "errors">): ErrorName[] {
  const names = new Set<ErrorName>([
    ...ofEveryFrame,
    ...(frame.does ?? []).flatMap((operation) => refusalsOf(operation, "")),
    ...(frame.errors ?? []),
  ]);
  return (Object.keys(errors) as ErrorName[]).filter((name) => names.has(name));
}

const ofEveryFrame = [
  "gateway.malformed",
  "common.too_large",
  "common.too_many",
  "common.unknown",
  "common.unavailable",
] as const;
const ofEveryRequest = ["common.too_many", "common.unknown", "common.unavailable", "common.timeout"] as const;
const ofUsers = ["auth.token_invalid", "auth.token_expired"] as const;
const ofInput = ["common.invalid"] as const;
/** A body that is not JSON or too large; an Idempotency-Key that was used for another request. */
const ofChanges = ["common.invalid", "gateway.malformed", "common.too_large", "common.conflict"] as const;

/** Paths that lead to one kind of conversation; other paths may lead to any. */
const realmByResource: Readonly<Record<string, Realm>> = { groups: "group", friends: "pair" };

function refusalsOf(operation: Operation, path: string): ErrorName[] {
  const only = realmByResource[path.split("/")[1] ?? ""];
  return verdicts.flatMap((cell): ErrorName[] => {
    if (cell.operation !== operation || (only !== undefined && cell.realm !== only)) return [];
    // A friend is named by their own id: the conversation is always one of the caller's.
    if (cell.verdict === "allowed" || (only === "pair" && cell.relation === "outsider")) return [];
    return cell.realm === "group" ? [cell.verdict, "group.dissolved"] : [cell.verdict];
  });
}

const verdicts = listVerdicts();
