/** How long the files of users stay. */
export interface FileRules {
  /** Of a temporary file, after its upload. */
  readonly tempFileMs: number;
  /** Before a temporary file expires, its owner is notified. */
  readonly expiringNoticeMs: number;
  /** Of an upload that was begun, after its last part. */
  readonly uploadExpireMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const defaultFileRules: FileRules = {
  tempFileMs: 7 * dayMs,
  expiringNoticeMs: dayMs,
  uploadExpireMs: dayMs,
};
