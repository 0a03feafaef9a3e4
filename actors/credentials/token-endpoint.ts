/** Refreshes access tokens. Never rejects. */
export interface TokenEndpoint {
  refresh(refreshToken: string): Promise<Refreshed>;
}

/** `reason`: for people; without secrets. */
export type Refreshed =
  | { kind: "renewed"; accessToken: string; refreshToken?: string; expiresAtMs?: number }
  /** This refresh token is good for nothing any more. */
  | { kind: "refused"; reason: string }
  | { kind: "unreachable"; reason: string };
