// A client of a model surface: requests with a token, and a socket. It knows nothing of the surface.
import { WebSocket } from "ws";
import { eventually } from "../suites/eventually.ts";

interface SurfaceAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  body: any;
}

interface StreamedEvent {
  id: string | undefined;
  name: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  data: any;
}

export class SurfaceClient {
  readonly #base: () => string;
  readonly #headers: Record<string, string>;
  token: string | undefined;
  userId = "";

  /** `base`: below the address of a node, "" or "/compat/chat" for example. */
  constructor(
    at: { readonly port: number },
    { base = "", headers = {} }: { base?: string; headers?: Record<string, string> } = {},
  ) {
    this.#base = () => `127.0.0.1:${at.port}${base}`;
    this.#headers = headers;
  }

  async asks(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<SurfaceAnswer> {
    const response = await fetch(`http://${this.#base()}${path}`, {
      method,
      headers: {
        ...this.#headers,
        ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && !(body instanceof FormData) && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: isSentAsItIs(body) ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== "" ? JSON.parse(text) : text,
    };
  }
  gets(path: string): Promise<SurfaceAnswer> {
    return this.asks("GET", path);
  }
  posts(path: string, body: unknown = {}): Promise<SurfaceAnswer> {
    return this.asks("POST", path, body);
  }
  puts(path: string, body: unknown = {}): Promise<SurfaceAnswer> {
    return this.asks("PUT", path, body);
  }
  deletes(path: string): Promise<SurfaceAnswer> {
    return this.asks("DELETE", path);
  }

  /** By default an address where nothing answers. */
  async setsModel(model_url = "http://127.0.0.1:9/v1"): Promise<void> {
    const { status } = await this.puts("/auth/config", { model_url, model_name: "m-1", api_key: "sk-test" });
    if (status !== 200) throw new Error(`no model could be set: ${status}`);
  }

  /** The events of a stream, as they came, until it ends. */
  async streams(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<StreamedEvent[]> {
    const { body: text } = await this.asks(method, path, body, headers);
    return String(text)
      .split("\n\n")
      .filter((part) => part !== "" && !part.startsWith(":"))
      .map((part) => {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(part)?.[1];
        const data = field("data") ?? "";
        return { id: field("id"), name: field("event"), data: data.startsWith("{") ? JSON.parse(data) : data };
      });
  }

  async opens(path: string): Promise<SurfaceSocket> {
    const socket = new SurfaceSocket(`ws://${this.#base()}${path}`);
    await socket.settles();
    return socket;
  }
}

function isSentAsItIs(body: unknown): body is string | FormData | Uint8Array<ArrayBuffer> {
  return typeof body === "string" || body instanceof FormData || body instanceof Uint8Array;
}

class SurfaceSocket {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly frames: any[] = [];
  closed: { code: number } | undefined;
  readonly #ws: WebSocket;
  #isOpen = false;

  constructor(url: string) {
    this.#ws = new WebSocket(url);
    this.#ws.on("open", () => {
      this.#isOpen = true;
    });
    this.#ws.on("message", (data, isBinary) => {
      const text = String(data);
      this.frames.push(isBinary ? data : text.startsWith("{") ? JSON.parse(text) : text);
    });
    this.#ws.on("close", (code) => {
      this.closed = { code };
    });
    this.#ws.on("error", () => {});
  }

  /** Open or refused. */
  settles(): Promise<void> {
    return eventually(() => this.#isOpen || this.closed !== undefined);
  }
  sends(frame: unknown): void {
    this.#ws.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  async sees(type: string, count = 1): Promise<any> {
    const seen = () => this.frames.filter((frame) => frame.type === type);
    await eventually(() => seen().length >= count);
    return seen()[count - 1];
  }
  async closes(): Promise<number> {
    await eventually(() => this.closed !== undefined);
    return this.closed?.code ?? 0;
  }
  close(): void {
    this.#ws.close();
  }
}

export const chatPassword = "correct horse";

/** A user of the one-to-one chat, logged in. */
export async function registersAtChat(at: { readonly port: number }, username: string): Promise<SurfaceClient> {
  const client = new SurfaceClient(at);
  const user = { username, email: `${username}@example.test`, password: chatPassword };
  const made = await client.posts("/auth/register", user);
  if (made.status !== 201) throw new Error(`${username} cannot register: ${JSON.stringify(made.body)}`);
  const { body } = await client.posts("/auth/login", { username_or_email: username, password: chatPassword });
  client.token = body.access_token;
  client.userId = String(made.body.id);
  return client;
}
