// Who uses the page: nobody, or the user of a login that this browser keeps.
import type { LoginBody, RegisterBody, Tokens } from "../../../client/api/session.ts";
import { globalPlatform, type Platform } from "../../../client/base/platform.ts";
import { type Client, createClient } from "../../../client/client.ts";
import { locale } from "../base/prefs.ts";
import { Source } from "../base/source.ts";
import { deviceIdOfBrowser, readTokens, storeTokens, watchTokens } from "../device/login-store.ts";
import { createSharedSockets } from "../device/shared-socket.ts";
import { UnsentStore } from "../device/unsent-store.ts";
import { Desk } from "./desk.ts";
import { UnsentMessages } from "./unsent.ts";

type AccountState =
  /** `reason`: why the last login ended. */
  { readonly kind: "out"; readonly reason?: string } | { readonly kind: "in"; readonly desk: Desk };

export class Account extends Source {
  state: AccountState = { kind: "out" };
  readonly #store = new UnsentStore();
  #client: Client;
  #unsent: UnsentMessages;

  constructor() {
    super();
    [this.#client, this.#unsent] = this.#makeClient();
    const tokens = readTokens();
    if (tokens) {
      this.#client.session.use(tokens);
      this.#enter();
    }
    watchTokens((other) => this.#otherTab(other));
    // The server keeps one socket of a browser: the tab that the user looks at has the socket.
    addEventListener("focus", () => this.#lookedAt());
    document.addEventListener("visibilitychange", () => this.#lookedAt());
  }

  async logIn(body: LoginBody): Promise<void> {
    await this.#client.session.login(body);
    this.#enter();
  }

  async register(body: RegisterBody): Promise<void> {
    await this.#client.session.register(body);
    this.#enter();
  }

  sendCode(target: string): Promise<{ expiresIn: number }> {
    return this.#client.session.sendCode(target, "register");
  }

  /** The login ends on the server, too, when it can be reached. */
  async logOut(): Promise<void> {
    await this.#client.session.logout().catch(() => {});
    storeTokens(undefined);
    await this.#leave();
  }

  /** This tab takes the connection over. */
  async takeOver(): Promise<void> {
    await this.#leave();
    const tokens = readTokens();
    if (!tokens) return;
    this.#client.session.use(tokens);
    this.#enter();
  }

  #enter(): void {
    const desk = new Desk(this.#client, this.#unsent);
    desk.line.subscribe(() => {
      const { state } = desk.line;
      if (state.kind !== "ended") return;
      storeTokens(undefined);
      void this.#leave(state.error.message);
    });
    this.state = { kind: "in", desk };
    this.changed();
    void desk.start();
  }

  async #leave(reason?: string): Promise<void> {
    const { state } = this;
    const old = this.#client;
    [this.#client, this.#unsent] = this.#makeClient();
    this.state = { kind: "out", reason };
    this.changed();
    if (state.kind === "in") await state.desk.leave();
    else await old.close();
  }

  #makeClient(): [Client, UnsentMessages] {
    const platform = platformOfTab(globalPlatform());
    const unsent: UnsentMessages = new UnsentMessages({
      store: this.#store,
      userId: () => client.session.tokens?.userId ?? "",
      newId: platform.newId,
      send: (message, msgId) => client.send(message, msgId),
    });
    const client: Client = createClient({
      url: location.origin,
      deviceId: deviceIdOfBrowser(platform.newId),
      deviceType: "Web",
      storage: unsent.storage,
      keptTokens: readTokens,
      platform,
    });
    client.on("tokens", (tokens) => {
      if (tokens) storeTokens(tokens);
      else if (client === this.#client && this.state.kind === "in") {
        storeTokens(undefined);
        void this.#leave();
      }
    });
    return [client, unsent];
  }

  #lookedAt(): void {
    if (document.visibilityState !== "visible") return;
    const { state } = this;
    const isElsewhere = state.kind === "in" && state.desk.line.state.kind === "elsewhere";
    if (isElsewhere || (state.kind === "out" && readTokens())) void this.takeOver();
  }

  /** A login or a logout in another tab counts for this tab too. */
  #otherTab(tokens: Tokens | undefined): void {
    const own = this.#client.session.tokens?.userId;
    if (this.state.kind === "in" && tokens?.userId !== own) void this.#leave().then(() => tokens && this.takeOver());
    else if (this.state.kind === "out" && tokens && document.visibilityState === "visible") void this.takeOver();
  }
}

/** The tabs of a browser share one socket, and the server's sentences come in the language of the page. */
function platformOfTab(platform: Platform): Platform {
  return {
    ...platform,
    openSocket: createSharedSockets(platform.openSocket),
    request: (url, { headers, ...request }) =>
      platform.request(url, { ...request, headers: { ...headers, "accept-language": locale() } }),
  };
}
