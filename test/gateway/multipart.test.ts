import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import test from "ava";
import { DomainError } from "../../actors/shared/errors.ts";
import { type FilePart, isMultipart, type MultipartLimits, readMultipart } from "../../gateway/kit/multipart.ts";
import { eventually } from "../suites/eventually.ts";

const limits: MultipartLimits = {
  maxBodyBytes: 4_000_000,
  maxFiles: 3,
  maxFileBytes: 1_000_000,
  maxFields: 3,
  maxFieldBytes: 1_000,
};

interface Read {
  files: { field: string; name: string; type: string; sha256: string; size: number }[];
  fields?: Record<string, string>;
  error?: string;
}

/** A server that answers what it read, and the address to send forms to. */
async function startReader(take = readWhole) {
  const server = createServer(async (incoming, response) => {
    const read: Read = { files: [] };
    try {
      const fields = await readMultipart(incoming, limits, (file) => take(file, read));
      read.fields = Object.fromEntries(fields);
    } catch (thrown) {
      read.error = thrown instanceof DomainError ? thrown.error : String(thrown);
    }
    seen.push(read);
    response.end(JSON.stringify(read));
  });
  const seen: Read[] = [];
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    send: async (body: FormData | string, boundary = "b") => {
      const headers = typeof body === "string" ? { "content-type": `multipart/form-data; boundary=${boundary}` } : {};
      const answer = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body, headers });
      return (await answer.json()) as Read;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readWhole(file: FilePart, read: Read): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of file.bytes) {
    hash.update(chunk);
    size += chunk.length;
  }
  read.files.push({
    field: file.field,
    name: file.name,
    type: file.declaredType,
    sha256: hash.digest("hex"),
    size,
  });
}

function formOf(parts: readonly [field: string, value: string | Buffer, name?: string][]): FormData {
  const form = new FormData();
  for (const [field, value, name] of parts) {
    if (typeof value === "string") form.append(field, value);
    else form.append(field, new Blob([new Uint8Array(value)]), name ?? "file");
  }
  return form;
}

test("files come one after another with their bytes, and fields in front and behind are kept", async (t) => {
  await using reader = await startReader();
  const [first, second] = [randomBytes(700_000), randomBytes(10)];
  const read = await reader.send(
    formOf([
      ["type", "uploaded"],
      ["images[]", first, "西湖 🦀.png"],
      ["images[]", second, "../../etc/passwd"],
      ["sessionId", "s-1"],
    ]),
  );
  t.deepEqual(read.fields, { type: "uploaded", sessionId: "s-1" });
  t.like(read.files, [
    { field: "images[]", name: "西湖 🦀.png", size: 700_000, sha256: createHash("sha256").update(first).digest("hex") },
    { name: "passwd", size: 10 },
  ]);
});

test("a file of just the limit is taken, and one byte more is refused", async (t) => {
  await using reader = await startReader();
  t.like(await reader.send(formOf([["file", Buffer.alloc(limits.maxFileBytes)]])), {
    files: [{ size: limits.maxFileBytes }],
    error: undefined,
  });
  t.like(await reader.send(formOf([["file", Buffer.alloc(limits.maxFileBytes + 1)]])), { error: "file.too_large" });
});

test("too many files, too many fields, long fields and a body that announces too much are refused", async (t) => {
  await using reader = await startReader();
  const file = ["file", Buffer.from("x")] as const;
  const refusedAs = "common.too_large";
  t.like(await reader.send(formOf([[...file], [...file], [...file], [...file]])), { error: refusedAs });
  t.like(await reader.send(formOf(["a", "b", "c", "d"].map((name) => [name, "1"]))), { error: refusedAs });
  t.like(await reader.send(formOf([["a", "x".repeat(limits.maxFieldBytes + 1)]])), { error: refusedAs });
  t.like(await reader.send(formOf([["a", "x".repeat(limits.maxFieldBytes)]])), { error: undefined });
  t.like(await reader.send(formOf([["file", Buffer.alloc(limits.maxBodyBytes)]])), { error: refusedAs });
});

test("bytes that nobody reads are dropped, and the next file follows", async (t) => {
  const names: string[] = [];
  await using reader = await startReader(async ({ name }) => void names.push(name));
  const read = await reader.send(
    formOf([
      ["file", randomBytes(900_000), "first"],
      ["file", randomBytes(900_000), "second"],
      ["done", "yes"],
    ]),
  );
  t.deepEqual(names, ["first", "second"]);
  t.deepEqual(read.fields, { done: "yes" });
});

test("what the taker of a file throws is thrown, and the client still reads its answer", async (t) => {
  await using reader = await startReader(async () => {
    throw new DomainError("file.type_refused");
  });
  const read = await reader.send(
    formOf([
      ["file", randomBytes(900_000)],
      ["file", randomBytes(900_000)],
    ]),
  );
  t.is(read.error, "file.type_refused");
});

for (const [what, body] of [
  ["nothing", ""],
  ["no part", "hello"],
  ["a part without its end", '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc'],
  ["another boundary", '--c\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--c--\r\n'],
  ["a header without an end", `--b\r\nContent-Disposition: form-data; name="${"x".repeat(100_000)}`],
] as const) {
  test(`a body with ${what} is malformed`, async (t) => {
    await using reader = await startReader();
    t.like(await reader.send(body), { error: "gateway.malformed" });
  });
}

test("a client that leaves in the middle of a file ends the reading", async (t) => {
  const begun = Promise.withResolvers<void>();
  await using reader = await startReader(async ({ bytes }) => {
    for await (const _ of bytes) begun.resolve();
  });
  const headers = { "content-type": "multipart/form-data; boundary=b", "content-length": "500000" };
  const leaving = request({ port: reader.port, method: "POST", headers });
  leaving.on("error", () => {});
  leaving.write('--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n');
  leaving.write(Buffer.alloc(100_000));
  await begun.promise;
  leaving.destroy();
  await eventually(() => reader.seen.length > 0);
  t.like(reader.seen, [{ error: "gateway.malformed" }]);
});

test("a form is told from other bodies by its content type", (t) => {
  const isForm = (type?: string) => isMultipart({ headers: { "content-type": type } } as unknown as IncomingMessage);
  t.true(isForm("multipart/form-data; boundary=b"));
  t.true(isForm("Multipart/Form-Data"));
  t.false(isForm("application/json"));
  t.false(isForm("multipart/form-data-x"));
  t.false(isForm());
});

test("a file that is too large is refused as such, also when its taker gives up slowly", async (t) => {
  const giveUpSlowly = async (file: FilePart, read: Read) => {
    try {
      await readWhole(file, read);
    } catch (thrown) {
      await new Promise((resolve) => setTimeout(resolve, 30)); // as a store that removes what it has
      throw thrown;
    }
  };
  await using reader = await startReader(giveUpSlowly);
  const form = formOf([["file", Buffer.alloc(limits.maxFileBytes + 1)]]);
  t.like(await reader.send(form), { error: "file.too_large" });
});
