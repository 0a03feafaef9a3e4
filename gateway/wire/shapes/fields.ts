// The words in which answers and server frames are described: a field is a rule of the validator that also carries the
// type of its values. The compiler holds the builders to these types, the tests hold every answer and frame to these
// rules, and the documents are made from them.

/** Never set at run time: carries the type of a field's values for the compiler. */
declare const valueType: unique symbol;

/** A rule of fastest-validator, as far as answers need one. */
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
  /** For the reference: the unit, or what the name does not say. */
  readonly description?: string;
  /** For the reference: the shape is described once under this name. */
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

/** The fields of an object are its `props`: `...callShape.props` takes them over into another shape. */
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
/** An object whose names are data: conversation ids, for one. */
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

/** Of a user, a group, a conversation, a message, a device or a login. */
export const id: Field<string> = { type: "string", min: 1, max: 64 };
export const ids = list(id);
/** Empty where there is none. */
export const idOrEmpty: Field<string> = { type: "string", max: 64 };
export const flag: Field<boolean> = { type: "boolean" };
export const time = count("ms since 1970");
export const seconds = count("seconds");
/** Whatever JSON its sender wrote, null and nothing included. */
export const anything: Field<unknown> = { type: "any", optional: true, nullable: true };
/** The answer of a request that has nothing to say. */
export const nothing: Field<null> = { type: "equal", value: null, nullable: true } as Field<null>;
