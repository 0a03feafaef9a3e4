// Checks frames and answers of a server against its tables: every field has its type and is within its limits, and no field is
// missing in the table.
import { errors } from "../../actors/shared/errors.ts";
import { errorsOf, errorsOfFrame } from "../../gateway/docs/errors-of.ts";
import { compiler } from "../../gateway/input/compiler.ts";
import { statusByKind } from "../../gateway/kit/envelope.ts";
import type { Route } from "../../gateway/rest/kit/route.ts";
import { routes } from "../../gateway/rest/routes.ts";
import { anything, choice, count, type Field, object, text } from "../../gateway/wire/shapes/fields.ts";
import { clientFrames } from "../../gateway/ws/frames.ts";
import { frameShapes } from "../../gateway/ws/wire/frame-shapes.ts";

type Check = (value: unknown) => string[];

const checks = new Map<Field, Check>();

/** The fields of a value that break their rule, as "field: rule, value"; empty when the value fits. */
function misfitsOf(field: Field, value: unknown): string[] {
  let check = checks.get(field);
  if (check === undefined) {
    check = compile(field);
    checks.set(field, check);
  }
  return check(value);
}

function compile(field: Field): Check {
  // Cloned, because the compiler reports a circle when one rule object is used for two fields.
  const run = compiler.compile({ ...structuredClone(field), $$root: true } as never);
  return (value) => {
    if (value === null && field.nullable) return [];
    const result = run(value) as true | { field?: string; type: string; expected?: unknown; actual?: unknown }[];
    if (result === true) return [];
    return result.map(({ field: name, type, expected, actual }) => {
      return `${name ?? "it"}: ${type} ${JSON.stringify(expected)}, is ${JSON.stringify(actual)?.slice(0, 200)}`;
    });
  };
}

/** The fields of a received frame that do not fit the table of server frames. */
export function misfitsOfFrame(received: unknown): string[] {
  const { type, data } = received as { type?: unknown; data?: { type?: unknown } };
  const fitting = frameShapes.filter(
    (each) => each.type === type && (each.notification === undefined || each.notification === data?.type),
  );
  const name = type === "NOTIFICATION" ? `${type} ${data?.type}` : `${type}`;
  if (fitting.length === 0) return [`${name} is in no table`];
  const misfits = fitting.map(({ shape }) => misfitsOf(shape, received));
  if (misfits.some((each) => each.length === 0)) return [];
  return misfits.flat().map((misfit) => `${name}: ${misfit}`);
}

/** Throws for a frame that does not fit. Devices call it for each received frame, so that the running test fails. */
export function holdFrame(received: unknown): void {
  const misfits = misfitsOfFrame(received);
  if (misfits.length > 0) throw new Error(`not as the table says: ${misfits.slice(0, 8).join("; ")}`);
}

/** Throws for an answer that the table of client frames does not list for this frame. */
export function holdReply(type: string, { type: answer, codeStr }: { type: string; codeStr?: string }): void {
  const frame = clientFrames.get(type);
  if (frame === undefined || frame.answers.some((each) => each === answer)) return;
  const isListed = answer === "ERROR" && errorsOfFrame(frame).some((name) => errors[name].code === codeStr);
  if (!isListed) throw new Error(`${type} was answered by ${answer} ${codeStr ?? ""}, which its entry does not list`);
}

const envelope = { message: text(2_000), data: anything, trace_id: text(64) };
const failureShape = object({ code: count(), codeStr: text(6), ...envelope });

/** The fields of an answer under /api/v1 that do not fit its route. An address without a route has to answer an error. */
function misfitsOfAnswer(method: string, path: string, status: number, body: unknown): string[] {
  const { code, codeStr, data } = body as { code?: unknown; codeStr?: unknown; data?: unknown };
  const route = findRoute(method, path);
  if (code !== 0) return [...misfitsOf(failureShape, body), ...(route ? unlisted(route, status, codeStr) : [])];
  if (route === undefined) return ["no such route"];
  const wrongStatus = status === 200 ? [] : [`status: ${status}`];
  return [...wrongStatus, ...misfitsOf(successShape, body), ...misfitsOf(route.answers, data)];
}
const successShape = object({ code: { ...count(), max: 0 }, ...envelope, message: choice("success") });

/** A misfit for an error that the route does not list in `does` and `errors`. */
function unlisted(route: Route, status: number, codeStr: unknown): string[] {
  const isListed = errorsOf(route).some((name) => {
    return errors[name].code === codeStr && statusByKind[errors[name].kind] === status;
  });
  return isListed ? [] : [`the error ${codeStr} with status ${status} is not listed`];
}

/** Throws for an answer that does not fit. Test users call it for each answer, so that the running test fails. */
export function holdAnswer(method: string, path: string, status: number, body: unknown): void {
  const misfits = misfitsOfAnswer(method, path, status, body);
  if (misfits.length > 0)
    throw new Error(`${method} ${path} is not as its route says: ${misfits.slice(0, 8).join("; ")}`);
}

/** The route that the server would choose: of several matching routes the one with the fewest parameters. */
function findRoute(method: string, path: string) {
  const parts = path.split("?", 1)[0]!.split("/");
  const fits = routes.filter((route) => {
    const own = route.path.split("/");
    return (
      route.method === method &&
      own.length === parts.length &&
      own.every((part, i) => part.startsWith(":") || part === parts[i])
    );
  });
  return fits.toSorted((a, b) => a.path.split("/:").length - b.path.split("/:").length)[0];
}
