// The state of the connection, as the page shows it.
import type { ClientError } from "../../../client/base/errors.ts";
import type { Client } from "../../../client/client.ts";
import { Source } from "../base/source.ts";

/** The server keeps one socket of a device: it was opened in another tab. */
const replacedCode = 4010;

type LineState =
  | { readonly kind: "connecting" | "online" | "offline" }
  /** Another tab of this browser has the connection. */
  | { readonly kind: "elsewhere" }
  /** The login is over. */
  | { readonly kind: "ended"; readonly error: ClientError };

export class Line extends Source {
  state: LineState = { kind: navigator.onLine ? "connecting" : "offline" };
  readonly #stops: (() => void)[] = [];

  constructor(client: Client) {
    super();
    this.#stops.push(
      client.on("ready", () => this.#set({ kind: "online" })),
      client.on("lost", () => this.#set({ kind: "offline" })),
      client.on("ended", (error) =>
        this.#set(error.code === replacedCode ? { kind: "elsewhere" } : { kind: "ended", error }),
      ),
    );
    const browserSays = () => {
      if (!client.isOpen && this.state.kind !== "ended" && this.state.kind !== "elsewhere")
        this.#set({ kind: navigator.onLine ? "connecting" : "offline" });
    };
    addEventListener("online", browserSays);
    addEventListener("offline", browserSays);
    this.#stops.push(
      () => removeEventListener("online", browserSays),
      () => removeEventListener("offline", browserSays),
    );
  }

  leave(): void {
    for (const stop of this.#stops) stop();
  }

  #set(state: LineState): void {
    this.state = state;
    this.changed();
  }
}
