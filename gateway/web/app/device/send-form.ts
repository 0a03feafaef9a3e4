// Sends a form by XMLHttpRequest, which reports the progress of an upload; fetch does not.
import { ClientError } from "../../../client/base/errors.ts";

interface SendOptions {
  readonly token: string | undefined;
  /** A repeat under the same key is the same upload. */
  readonly key: string;
  /** 0 … 1. */
  progress(share: number): void;
  readonly signal: AbortSignal;
}

export function sendForm<T>(path: string, form: FormData, { token, key, progress, signal }: SendOptions): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const request = new XMLHttpRequest();
  request.open("POST", path);
  if (token !== undefined) request.setRequestHeader("authorization", `Bearer ${token}`);
  request.setRequestHeader("idempotency-key", key);
  request.upload.onprogress = ({ loaded, total, lengthComputable }) => {
    if (lengthComputable) progress(loaded / total);
  };
  const away = () => reject(new ClientError("unreachable", "No answer to the upload."));
  request.onerror = away;
  request.onabort = away;
  request.onload = () => {
    try {
      const { code, codeStr, message, data } = JSON.parse(request.responseText);
      if (code === 0) resolve(data);
      else reject(new ClientError("refused", message, { code, codeStr, status: request.status, details: data }));
    } catch (cause) {
      reject(new ClientError("malformed", "The answer to the upload is none of this server.", { cause }));
    }
  };
  signal.addEventListener("abort", () => request.abort(), { once: true });
  request.send(form);
  return promise;
}
