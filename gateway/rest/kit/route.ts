// A route is a value: its address, its callers, its input, its answer and its handler.
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { Operation } from "../../../actors/shared/authorization.ts";
import type { ErrorName } from "../../../actors/shared/errors.ts";
import type { ApiKeys } from "../../auth/api-keys.ts";
import type { Authenticator, Caller } from "../../auth/authenticator.ts";
import { refuseUnknown, type Validator } from "../../input/validate.ts";
import type { Languages } from "../../kit/languages.ts";
import type { RawHttp, written } from "../../kit/raw-http.ts";
import type { UserFeed } from "../../kit/user-feed.ts";
import type { GatewayDeps, RateLimit } from "../../ports.ts";
import type { Field } from "../../wire/shapes/fields.ts";
import type { Picture, PictureType } from "./picture.ts";

/** Where every route is mounted. */
export const apiPrefix = "/api/v1";

/** The ports of the edge, for handlers. */
export type Edge = GatewayDeps & {
  readonly authenticator: Authenticator;
  readonly keys: ApiKeys;
  readonly feed: UserFeed;
  readonly languages: Languages;
};
type Method = "GET" | "POST" | "PUT" | "DELETE";
/** signed: the token of a user, or a signature in the query; the handler decides. */
type Auth = "none" | "user" | "signed";
type CallerOf<A extends Auth> = A extends "user" ? Caller : A extends "signed" ? Caller | undefined : undefined;

/** `/groups/:id/members/:userId` → { id: string; userId: string } */
export type Params<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { [N in Name]: string } & Params<Rest>
  : Path extends `${string}:${infer Name}`
    ? { [N in Name]: string }
    : unknown;

export interface Client {
  ip: string;
  userAgent: string;
  /** The Bearer token of the Authorization header, unchecked. */
  bearer?: string;
  /** The whole header: services sign without Bearer. */
  authorization?: string;
  idempotencyKey?: string;
  /** Scheme and host by which the client reached this server, as its headers say. */
  origin: string;
}

export interface Request<Path extends string, A extends Auth, Query, Body> {
  readonly caller: CallerOf<A>;
  readonly params: Params<Path>;
  readonly query: Query;
  readonly body: Body;
  readonly edge: Edge;
  /** For every actor called: deadline, trace id and, under an Idempotency-Key, the command id that makes a retry harmless (G2). */
  readonly call: CallOptions;
  readonly client: Client;
  readonly http: RawHttp;
}

/**
 * Tries are counted for the subject before they are counted for the client's address. Too many tries with one account
 * therefore use up the limit of that account, and not the limit that others behind the same address share.
 */
export interface Subject {
  limit: RateLimit;
  key: string;
  /** Whether each request is counted, or only those that are refused as unauthorized. */
  counts: "requests" | "failures";
  /** Counted next, for the subject from wherever it is named. `isExempt` is asked when this limit is used up. */
  overall?: { limit: RateLimit; key: string; isExempt: () => Promise<boolean> };
}

interface RouteSpec<Path extends string, A extends Auth, Query, Body, Answer> {
  method: Method;
  path: Path;
  auth: A;
  summary: string;
  /** Beside the limit that every caller has. */
  limit?: RateLimit;
  /** The account, address or token that a request without a login is about. */
  subject?: (request: Pick<RawRequest, "edge" | "body" | "client">) => Subject | undefined;
  query?: Validator<Query>;
  body?: Validator<Body>;
  /** Larger bodies get 413; default MAX_BODY_BYTES. */
  maxBodyBytes?: number;
  /** Media type of a signed body. It is passed on as text, and limited by the route's own limit alone. */
  signedBody?: string;
  /** `stream`: the body is not read; the handler reads `http.request`. Default: json. */
  reads?: "json" | "stream";
  /** The fields of a multipart body that the handler reads, `file` beside them. */
  form?: Validator<unknown>;
  /** The handler writes bytes, and no envelope. */
  sendsBytes?: true;
  /** The shape of `data` in the envelope. */
  answers: Field<Answer>;
  /** Media types of pictures that may come in place of the envelope. */
  pictures?: readonly PictureType[];
  /** What the request does, as the table of rights calls it: the refusals that stand there are documented. */
  does?: readonly Operation[];
  /** Errors besides those, and besides what every request may be answered. */
  errors?: readonly ErrorName[];
  handle: (request: Request<Path, A, Query, Body>) => Promise<NoInfer<Answer> | Picture | typeof written>;
}

/** A request as it came in, before its schemas were applied. */
export interface RawRequest {
  readonly caller: Caller | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly query: object;
  readonly body: unknown;
  readonly edge: Edge;
  readonly call: CallOptions;
  readonly client: Client;
  readonly http: RawHttp;
}

export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly auth: Auth;
  readonly summary: string;
  readonly limit?: RateLimit;
  readonly subject?: (request: Pick<RawRequest, "edge" | "body" | "client">) => Subject | undefined;
  readonly query?: Validator<unknown>;
  readonly body?: Validator<unknown>;
  readonly maxBodyBytes?: number;
  readonly signedBody?: string;
  readonly reads?: "json" | "stream";
  readonly form?: Validator<unknown>;
  readonly sendsBytes?: true;
  readonly answers: Field;
  readonly pictures?: readonly PictureType[];
  readonly does?: readonly Operation[];
  readonly errors?: readonly ErrorName[];
  answer(request: RawRequest): Promise<unknown>;
}

export function route<Path extends string, A extends Auth, Answer, Query = undefined, Body = undefined>(
  spec: RouteSpec<Path, A, Query, Body, Answer>,
): Route {
  const { handle, ...described } = spec;
  return {
    ...described,
    async answer(raw) {
      // The mount has authenticated "user" routes, and the router has filled the path's params.
      const caller = raw.caller as Request<Path, A, Query, Body>["caller"];
      const params = raw.params as Params<Path>;
      refuseUnknown("common.invalid", raw.query, spec.query?.shape ?? {}, "no such parameter");
      const query = (spec.query ? spec.query.parse(raw.query) : undefined) as Query;
      const body = (spec.body ? spec.body.parse(raw.body) : undefined) as Body;
      return handle({
        caller,
        params,
        query,
        body,
        edge: raw.edge,
        call: raw.call,
        client: raw.client,
        http: raw.http,
      });
    },
  };
}

/** The same routes under another name: `/sessions…` is served as `/conversations…` too. */
export function alias(routes: readonly Route[], from: string, to: string): Route[] {
  return routes
    .filter(({ path }) => path === from || path.startsWith(`${from}/`))
    .map((original) => ({ ...original, path: to + original.path.slice(from.length) }));
}
