/** An event that every member may see has its own version; `lastSeq` is the conversation's last seq at that version. */
export interface Versioned {
  version: number;
  lastSeq: number;
}
