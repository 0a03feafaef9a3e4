// What a failure says to the user. The server's own sentences come in the language that was asked for.
import { showToast } from "../../../browser/kit/toasts.ts";
import { ClientError } from "../../../client/base/errors.ts";
import { t } from "./prefs.ts";

export function explain(thrown: unknown): string {
  if (!(thrown instanceof ClientError))
    return thrown instanceof Error && thrown.message ? thrown.message : t("error.unexpected");
  if (thrown.kind === "unreachable") return t("error.network");
  return thrown.message || t("error.unexpected");
}

export function showFailure(thrown: unknown): void {
  showToast(explain(thrown), "error");
}
