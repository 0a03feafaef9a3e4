// The text fields of a multipart body that is in memory, found without changing it: the body goes up as it came, with its
// boundary, its part names and its files.
import { invalid } from "./exchange.ts";

interface FormField {
  name: string;
  /** The place of the value in the body. */
  from: number;
  to: number;
  isFile: boolean;
}

/** More parts are refused. */
const maxParts = 200;
/** Longer headers of a part are refused. */
const maxPartHeaderBytes = 16 * 1024;

export function boundaryOf(contentType: string): string {
  const [, quoted, plain] =
    /^multipart\/form-data\b.*?;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw invalid("content-type", "multipart/form-data with a boundary");
  return boundary;
}

export function fieldsOf(body: Buffer, boundary: string): FormField[] {
  const mark = Buffer.from(`--${boundary}`);
  const fields: FormField[] = [];
  let at = body.indexOf(mark);
  if (at === -1) throw invalid("", "the parts that its boundary says");
  for (;;) {
    const start = at + mark.length;
    if (body.subarray(start, start + 2).toString("latin1") === "--") return fields;
    const headersTo = body.indexOf("\r\n\r\n", start);
    const next = headersTo === -1 ? -1 : body.indexOf(Buffer.concat([Buffer.from("\r\n"), mark]), headersTo + 2);
    if (next === -1) throw invalid("", "a last boundary: the body was cut");
    if (headersTo - start > maxPartHeaderBytes || fields.length === maxParts)
      throw invalid("", `at most ${maxParts} parts`);
    const headers = body.subarray(start, headersTo).toString("utf8");
    const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? "";
    const name =
      /[;\s]name="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1] ?? /[;\s]name=([^\s;"]+)/i.exec(disposition)?.[1];
    if (name === undefined) throw invalid("", "a name for every part");
    const isFile = /[;\s]filename\*?=/i.test(disposition);
    fields.push({ name, from: headersTo + 4, to: next, isFile });
    at = next + 2;
  }
}

export function textOf(body: Buffer, { from, to }: FormField): string {
  return body.subarray(from, to).toString("utf8");
}

export function replaceField(body: Buffer, { from, to }: FormField, value: string): Buffer {
  return Buffer.concat([body.subarray(0, from), Buffer.from(value), body.subarray(to)]);
}
