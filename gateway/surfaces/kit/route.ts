// A route of a surface is a value, as those under /api/v1 are. Its path is whole, its answer is bare, and its body may be
// bytes or a stream.
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { Operation } from "../../../actors/shared/authorization.ts";
import type { ErrorName } from "../../../actors/shared/errors.ts";
import type { Validator } from "../../input/validate.ts";
import type { RawHttp, written } from "../../kit/raw-http.ts";
import type { Dialect, RateLimit } from "../../ports.ts";
import type { Client, Edge, Params, Subject } from "../../rest/kit/route.ts";
import type { Field } from "../../wire/shapes/fields.ts";
import type { Principal } from "./principal.ts";
import type { Surface, SurfaceAuth } from "./surface.ts";

export interface SurfaceRequest<Path extends string, A extends SurfaceAuth, Query, Body> {
  readonly principal: A extends "none" ? undefined : Principal;
  readonly params: Params<Path>;
  readonly query: Query;
  readonly body: Body;
  readonly edge: Edge;
  /** For every actor called: deadline, trace id and, under an Idempotency-Key, the command id that makes a retry harmless (G2). */
  readonly call: CallOptions;
  readonly client: Client;
  readonly dialect: Dialect;
  /** Undefined where nothing but the default says it. */
  readonly namedDialect: Dialect | undefined;
  /** X-Request-Id of the answer. */
  readonly requestId: string;
  readonly http: Http;
}

export interface Http extends RawHttp {
  /** For a status that depends on the request. */
  status(status: number): void;
  header(name: string, value: string): void;
  /** The client came by https. */
  readonly isSecure: boolean;
}

interface SurfaceRouteSpec<Path extends string, A extends SurfaceAuth, Query, Body, Answer> {
  /** Of several surfaces, the request's dialect chooses the one whose errors are answered; the first one by default. */
  surface: Surface | readonly [Surface, ...Surface[]];
  method: SurfaceRoute["method"];
  path: Path;
  auth: A;
  summary: string;
  /** Beside the limits that every caller has. */
  limit?: RateLimit;
  subject?: SurfaceRoute["subject"];
  query?: Validator<Query>;
  /** Of a JSON body. Unknown fields are dropped: the clients of a surface send more than the server reads. */
  body?: Validator<Body>;
  /** `bytes`: `body` is a Buffer. `stream`: the body is not read; the handler reads `http.request`. Default: json. */
  reads?: "json" | "bytes" | "stream";
  /** Larger bodies get 413; default MAX_BODY_BYTES. */
  maxBodyBytes?: number;
  /** Of a success; default 200. 204 has no body. */
  status?: 200 | 201 | 202 | 204;
  answers: Field<Answer>;
  does?: readonly Operation[];
  errors?: readonly ErrorName[];
  handle: (request: SurfaceRequest<Path, A, Query, Body>) => Promise<NoInfer<Answer> | typeof written>;
}

export interface SurfaceRoute {
  readonly surfaces: readonly [Surface, ...Surface[]];
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly auth: SurfaceAuth;
  readonly summary: string;
  readonly limit?: RateLimit;
  readonly subject?: (request: { edge: Edge; body: unknown; client: Client }) => Subject | undefined;
  readonly query?: Validator<unknown>;
  readonly body?: Validator<unknown>;
  readonly reads: "json" | "bytes" | "stream";
  readonly maxBodyBytes?: number;
  readonly status: number;
  readonly answers: Field;
  readonly does?: readonly Operation[];
  readonly errors?: readonly ErrorName[];
  answer(request: RawSurfaceRequest): Promise<unknown>;
}

/** What the reference shows of a route. */
export type DescribedSurfaceRoute = Omit<SurfaceRoute, "answer">;

/** A request as it came in, before its schemas were applied. */
export interface RawSurfaceRequest
  extends Omit<SurfaceRequest<string, SurfaceAuth, unknown, unknown>, "principal" | "params" | "query"> {
  readonly principal: Principal | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly query: object;
}

export function surfaceRoute<Path extends string, A extends SurfaceAuth, Answer, Query = undefined, Body = undefined>(
  spec: SurfaceRouteSpec<Path, A, Query, Body, Answer>,
): SurfaceRoute {
  const { handle, surface, reads = "json", status = 200, ...described } = spec;
  return {
    ...described,
    ...{ reads, status },
    surfaces: "name" in surface ? [surface] : surface,
    async answer(raw) {
      // The mount has authenticated the request, and the router has filled the path's params.
      const principal = raw.principal as SurfaceRequest<Path, A, Query, Body>["principal"];
      const params = raw.params as Params<Path>;
      const query = (spec.query ? spec.query.parse(raw.query) : undefined) as Query;
      const body = (reads !== "json" || !spec.body ? raw.body : spec.body.parse(raw.body)) as Body;
      return handle({ ...raw, principal, params, query, body });
    },
  };
}
