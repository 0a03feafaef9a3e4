// What an error means for the person at the page, and what to do about it.
import { t } from "../base/prefs.ts";
import { ApiError, codes } from "./api.ts";

export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return t("error.server", { id: "–" });
  const { status, code, message, retryAfterSeconds, requestId } = error;
  if (status === 0) return t("error.network");
  if (code === codes.tokenInvalid || code === codes.tokenExpired) return t("error.sessionEnded");
  if (status === 403) return t("error.forbidden");
  if (status === 404) return t("error.notFound");
  if (status === 429) return t("error.tooMany", { n: Math.max(1, retryAfterSeconds) });
  if (status === 503) return t("error.unavailable");
  if (status === 500 || message === "") return t("error.server", { id: requestId });
  return message;
}
