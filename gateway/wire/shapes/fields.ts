// Builders of shapes: answers and server frames are described with them. A field is a rule of fastest-validator that also
// carries the TypeScript type of its values. The compiler checks the code that makes answers and frames against the types,
// the tests check every received answer and frame against the rules, and the documents are made from the rules.

/** Absent at run time: a place in the type for the type of a field's values. */
declare const valueType: unique symbol;

/** The part of fastest-validator's rules that answers and server frames use. */
export interface Field<T = unknown> {
  readonly [valueType]?: { readonly of: T };
  readonly type: "any" | "array" | "boolean" | "equal" | "multi" | "number" | "object" | "record" | "string";
  readonly optional?: boolean;
  readonly nullable?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  readonly enum?: readonly string[];
  readonly strict?: boolean;
  readonly props?: Props;
  readonly items?: Field;
  readonly key?: Field;
  readonly value?: Field | null;
  readonly rules?: readonly Field[];
  /** Shown in the reference: the unit, or what the name does not say. */
  readonly description?: string;
  /** A shape with a title is described once in the documents, and others refer to it. */
  readonly title?: string;
}
/** The values that a field allows: `type Call = ValueOf<typeof callShape>`. */
export type ValueOf<F> = F extends { readonly [valueType]?: { readonly of: infer T } } ? T : never;

type Props = Readonly<Record<string, Field>>;
type OptionalNames<P> = { [K in keyof P]-?: undefined extends ValueOf<P[K]> ? K : never }[keyof P];
type Values<P> = { [K in Exclude<keyof P, OptionalNames<P>>]: ValueOf<P[K]> } & {
  [K in OptionalNames<P>]?: ValueOf<P[K]>;
};
type Flat<T> = { [K in keyof T]: T[K] };

/** An object. Another shape takes its fields over by `...callShape.props`. */
export type Shape<P extends Props = Props> = Field<Flat<Values<P>>> & { readonly props: P };

/** An object with these fields and no others. */
export function object<P extends Props>(props: P, title?: string): Shape<P> {
  return { type: "object", strict: true, props, title } as Shape<P>;
}
export function text(max: number, description?: string): Field<string> {
  return { type: "string", max, description };
}
export function count(description?: string): Field<number> {
  return { type: "number", integer: true, min: 0, max: Number.MAX_SAFE_INTEGER, description };
}
export function choice<const T extends readonly string[]>(...values: T): Field<T[number]> {
  return { type: "string", enum: [...values] };
}
export function list<T>(items: Field<T>, max?: number): Field<T[]> {
  return { type: "array", items, max } as Field<T[]>;
}
/** An object whose keys are data, for example conversation ids. */
export function mapOf<T>(value: Field<T>): Field<Record<string, T>> {
  return { type: "record", key: { type: "string", min: 1, max: 64 }, value } as Field<Record<string, T>>;
}
/** One of several shapes. */
export function either<const F extends readonly Field[]>(...rules: F): Field<ValueOf<F[number]>> {
  return { type: "multi", rules } as unknown as Field<ValueOf<F[number]>>;
}
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return { ...field, optional: true } as Field<T | undefined>;
}
export function nullable<T>(field: Field<T>): Field<T | null> {
  return { ...field, nullable: true } as Field<T | null>;
}

/** Id of a user, a group, a conversation, a message, a device or a login. */
export const id: Field<string> = { type: "string", min: 1, max: 64 };
export const ids = list(id);
/** An id, or an empty text. */
export const idOrEmpty: Field<string> = { type: "string", max: 64 };
export const flag: Field<boolean> = { type: "boolean" };
export const time = count("ms since 1970");
export const seconds = count("seconds");
/** Any JSON value; may be null or absent. */
export const anything: Field<unknown> = { type: "any", optional: true, nullable: true };
/** The answer of a request without data. */
export const nothing: Field<null> = { type: "equal", value: null, nullable: true } as Field<null>;
