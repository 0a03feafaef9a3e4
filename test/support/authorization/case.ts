// One case of the authorization tests: a request at a place, and the operation of the authorization table that decides it.
import type { Operation } from "../../../actors/shared/authorization.ts";
import type { ErrorName } from "../../../actors/shared/errors.ts";
import type { Person } from "../person.ts";
import type { Place, Standing } from "./place.ts";

export interface Outcome {
  code: number;
  /** REST only. */
  status?: number;
  data: Record<string, unknown>;
}

export interface Case {
  /** "PUT /groups/:id" of gateway/rest/routes.ts, or "TYPING" of gateway/ws/frames.ts. */
  of: string;
  title?: string;
  realms: readonly Place["realm"][];
  /** The operation in the table; or a function, where the caller's own list decides. */
  operation: Operation | ((standing: Standing) => ErrorName | "allowed");
  /** The error for callers who may not even view the thing; it does not reveal whether the thing exists. */
  hidden?: ErrorName;
  /** Standings that this request cannot express. */
  skips?: readonly Standing[];
  /** Answers that differ from the table's because of the state at the place. */
  but?: Partial<Record<Standing, ErrorName | "allowed">>;
  /** The refusal is not answered with an error, and the request has no effect. */
  isSilent?: (place: Place) => boolean;
  /** The request is refused, but has a smaller effect. */
  leavesTrace?: true;
  prepare?: (place: Place) => Promise<unknown>;
  does: (place: Place, isAllowed: boolean) => Promise<Outcome>;
  /** Whether the request had its effect, where the answer does not show it. */
  happened?: (outcome: Outcome, place: Place) => boolean | Promise<boolean>;
}

type Request = { params?: Record<string, string>; query?: string; body?: unknown };
export type Spec = Omit<Case, "of" | "does"> & { request?: (place: Place) => Request | Promise<Request> };

/** A case of a route; its path is filled with the request's params, `:id` with the place's id. */
export function ofRoute(of: string, { request, ...spec }: Spec): Case {
  const [method = "", path = ""] = of.split(" ");
  return {
    ...spec,
    of,
    does: async (place) => {
      const { params, query = "", body } = (await request?.(place)) ?? {};
      return place.caller.calls(method, fillPath(path, { id: place.id, ...params }) + query, body);
    },
  };
}

/** A case of a frame that is answered: OK, SEND_ACK, SYNC_RESULT or ERROR. */
export function ofFrame(
  of: string,
  { data, ...spec }: Omit<Case, "of" | "does"> & { data: (place: Place) => unknown },
) {
  const does = async (place: Place): Promise<Outcome> => {
    const answer = await (await connected(place.caller)).asks(of, data(place));
    return { code: answer.type === "ERROR" ? (answer.code ?? -1) : 0, data: answer.data };
  };
  return { ...spec, of, does };
}

export function fillPath(path: string, params: Record<string, string>): string {
  return path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? "4503599627370001");
}

/** The user's device; connected at the first use. */
export function connected(person: Person): Promise<Person["device"]> {
  let device = devices.get(person);
  if (device === undefined) {
    device = person.connects();
    devices.set(person, device);
  }
  return device;
}
const devices = new WeakMap<Person, Promise<Person["device"]>>();
