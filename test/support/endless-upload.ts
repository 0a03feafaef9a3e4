// An upload of a form whose file goes on until the client leaves.
import { setTimeout as pause } from "node:timers/promises";

export function startEndlessUpload(url: string, token: string, field: string) {
  const abort = new AbortController();
  async function* body() {
    yield Buffer.from(`--x\r\nContent-Disposition: form-data; name="${field}"; filename="a.bin"\r\n\r\n`);
    while (!abort.signal.aborted) {
      yield Buffer.alloc(50_000);
      await pause(5);
    }
  }
  const answer = fetch(url, {
    ...{ method: "POST", body: ReadableStream.from(body()), duplex: "half", signal: abort.signal },
    headers: { authorization: `Bearer ${token}`, "content-type": "multipart/form-data; boundary=x" },
  } as RequestInit);
  return { answer, leave: () => abort.abort() };
}
