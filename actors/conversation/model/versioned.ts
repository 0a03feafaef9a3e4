/** Events that every member may see carry their own version, and the conversation's last seq at it. */
export interface Versioned {
  version: number;
  lastSeq: number;
}
