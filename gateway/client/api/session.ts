// The login of this device: its tokens, and new ones when they run out.
import { ClientError, isRefusedForGood } from "../base/errors.ts";
import type { ClientLimits } from "../base/limits.ts";
import type { Platform } from "../base/platform.ts";
import { request } from "./request.ts";

export interface Tokens {
  readonly userId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Life of the access token, in seconds. */
  readonly expiresIn: number;
}

export type DeviceType = "iOS" | "Android" | "Web" | "PC" | "H5" | "Pad";

export interface LoginBody {
  /** Phone number, e-mail address or account name. */
  readonly account: string;
  readonly password?: string;
  readonly verifyCode?: string;
}

export interface OidcAnswer {
  readonly code: string;
  readonly state: string;
  readonly iss?: string;
}

export interface RegisterBody {
  readonly phoneNumber?: string;
  readonly email?: string;
  readonly account?: string;
  readonly password: string;
  readonly verifyCode: string;
  readonly nickname?: string;
}

export interface SessionOptions {
  /** `http://host:port`. */
  baseUrl(): string;
  readonly deviceId: string;
  readonly deviceType: DeviceType;
  readonly deviceName?: string;
  readonly clientVersion?: string;
  readonly platform: Platform;
  readonly limits: Pick<ClientLimits, "requestTimeoutMs" | "uploadTimeoutMs">;
  /** Logs in from the start when the refresh token is refused. Without it the login is over then. */
  logInAgain?(session: Session): Promise<unknown>;
  /** The newest tokens that the application keeps: another instance of the program, another tab, may have renewed them. */
  kept?(): Tokens | undefined;
  /** New tokens, to be kept by the application; undefined: the login is over. */
  changed(tokens: Tokens | undefined): void;
}

const unauthorized = 401;

export class Session {
  readonly #options: SessionOptions;
  #tokens: Tokens | undefined;
  #renewing: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get tokens(): Tokens | undefined {
    return this.#tokens;
  }

  /** Takes over what an earlier run of the program kept. */
  use(tokens: Tokens): void {
    this.#tokens = tokens;
    this.#options.changed(tokens);
  }

  /** Sends a verification code by SMS or mail; resolves with its life in seconds. */
  sendCode(target: string, purpose: "register" | "login" | "reset" | "bind"): Promise<{ expiresIn: number }> {
    return this.#request("POST", "/auth/code", { target, purpose });
  }

  async login(body: LoginBody): Promise<Tokens> {
    return this.#enter("/auth/login", body);
  }

  async register(body: RegisterBody): Promise<Tokens> {
    return this.#enter("/auth/register", body);
  }

  /** Begins a login by OpenID Connect: open `url`, keep `state`, and compare it with the one that comes back. */
  startOidc(redirectUri: string): Promise<{ url: string; state: string }> {
    return this.#request("POST", "/auth/oidc/start", { redirectUri });
  }

  /** With what came back at the redirect address. */
  async loginByOidc(answered: OidcAnswer): Promise<Tokens> {
    return this.#enter("/auth/oidc/login", answered);
  }

  /** The logged-in user can log in by this identity from now on. */
  async linkOidc(answered: OidcAnswer): Promise<void> {
    await this.call("POST", "/auth/oidc/link", answered);
  }

  async logout(): Promise<void> {
    await this.call("POST", "/auth/logout", {});
    this.#forget();
  }

  /** One renewal at a time: every caller waits for the same new tokens. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** A request of the logged-in user. If the access token is refused, it is renewed once and the request repeated. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const key = method === "GET" ? undefined : this.#options.platform.newId();
    const token = this.#tokens?.accessToken;
    try {
      return await this.#request<T>(method, path, body, { token, key });
    } catch (error) {
      if (!isRefusedForGood(error) || error.status !== unauthorized || token === undefined) throw error;
    }
    // Another request may have renewed it meanwhile.
    if (this.#tokens?.accessToken === token) await this.renew();
    return this.#request<T>(method, path, body, { token: this.#tokens?.accessToken, key });
  }

  async #enter(path: string, body: object): Promise<Tokens> {
    const { deviceId, deviceType, deviceName, clientVersion } = this.#options;
    const device = { deviceId, deviceType, deviceName, clientVersion };
    const tokens = await this.#request<Tokens>("POST", path, { ...body, ...device });
    this.use(tokens);
    return tokens;
  }

  async #renew(): Promise<void> {
    const { logInAgain } = this.#options;
    const kept = this.#options.kept?.();
    if (kept && kept.userId === this.#tokens?.userId && kept.refreshToken !== this.#tokens.refreshToken) {
      this.use(kept);
      return;
    }
    try {
      await this.#refresh();
      return;
    } catch (error) {
      if (!isRefusedForGood(error)) throw error;
      if (!logInAgain) {
        this.#forget();
        throw error;
      }
    }
    await logInAgain(this);
  }

  async #refresh(): Promise<void> {
    const refreshToken = this.#tokens?.refreshToken;
    if (refreshToken === undefined) throw new ClientError("refused", "There is no login.");
    // Under the refresh token's own key: a repeat, whose first answer was lost, gets the same new tokens.
    const key = `refresh-${refreshToken.slice(-32)}`;
    this.use(await this.#request<Tokens>("POST", "/auth/refresh", { refreshToken }, { key }));
  }

  #forget(): void {
    this.#tokens = undefined;
    this.#options.changed(undefined);
  }

  #request<T>(method: string, path: string, body?: unknown, more: { token?: string; key?: string } = {}): Promise<T> {
    const { platform, baseUrl, limits } = this.#options;
    const isOfFile = path.startsWith("/files/upload");
    const timeoutMs = isOfFile ? limits.uploadTimeoutMs : limits.requestTimeoutMs;
    const options = { ...more, body, timeoutMs };
    return request<T>(platform, method, `${baseUrl()}/api/v1${path}`, options);
  }
}
