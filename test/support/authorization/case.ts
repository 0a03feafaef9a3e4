// One line of the test's own matrix: what is tried at a place, and what the authorization table is asked about it.
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
  /** What the table is asked; or who may, where somebody's own list decides. */
  operation: Operation | ((standing: Standing) => ErrorName | "allowed");
  /** Whoever may not even view is told this: it does not say whether the thing exists. */
  hidden?: ErrorName;
  /** Standings that this way of naming things cannot express. */
  skips?: readonly Standing[];
  /** Refused by the state that the table's "allowed" meets here. */
  but?: Partial<Record<Standing, ErrorName | "allowed">>;
  /** Refused without a word: nothing comes of it. */
  isSilent?: (place: Place) => boolean;
  /** What was asked for is refused, and something less is done. */
  leavesTrace?: true;
  prepare?: (place: Place) => Promise<unknown>;
  does: (place: Place, isAllowed: boolean) => Promise<Outcome>;
  /** Whether it had its effect, for answers that do not say so. */
  happened?: (outcome: Outcome, place: Place) => boolean | Promise<boolean>;
}

type Request = { params?: Record<string, string>; query?: string; body?: unknown };
type Spec = Omit<Case, "of" | "does"> & { request?: (place: Place) => Request };

/** A case of a route; its path is filled with the request's params, `:id` with the place's id. */
export function ofRoute(of: string, { request, ...spec }: Spec): Case {
  const [method = "", path = ""] = of.split(" ");
  return {
    ...spec,
    of,
    does: (place) => {
      const { params, query = "", body } = request?.(place) ?? {};
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

/** His device, connected when first asked for. */
export function connected(person: Person): Promise<Person["device"]> {
  let device = devices.get(person);
  if (device === undefined) {
    device = person.connects();
    devices.set(person, device);
  }
  return device;
}
const devices = new WeakMap<Person, Promise<Person["device"]>>();
