// The language of error messages: the user's setting when the user has chosen one, else the client's Accept-Language, else
// English. Settings are asked for with the first error of a user, and kept for a short time.
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import { BoundedMap } from "../../actors/shared/bounded-map.ts";
import { chineseMessages } from "../../actors/shared/error-messages-zh.ts";
import type { DomainError } from "../../actors/shared/errors.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import { User } from "../../actors/user/contract.ts";

export type Language = "en" | "zh";

/** A change of the setting at another gateway counts here after this time. */
const keptMs = 10_000;
/** An error does not wait longer for the setting. */
const askMs = 1_000;
const maxUsersKept = 10_000;

export type Languages = ReturnType<typeof createLanguages>;

export function createLanguages({ actors, clock }: { actors: Actors; clock: Pick<Clock, "nowMs"> }) {
  const kept = new BoundedMap<UserId, { chosen: Language | undefined; untilMs: number }>(maxUsersKept);

  /** Undefined: not known here. */
  const known = (userId: UserId, accepted: Language): Language | undefined => {
    if (userId === "") return accepted;
    const entry = kept.get(userId);
    return entry && entry.untilMs > clock.nowMs() ? (entry.chosen ?? accepted) : undefined;
  };

  /** `accepted` is what the client's header says. Never rejects. */
  const of = async (userId: UserId, accepted: Language): Promise<Language> => {
    const language = known(userId, accepted);
    if (language !== undefined) return language;
    const chosen = await askFor(userId);
    kept.renew(userId, { chosen, untilMs: clock.nowMs() + keptMs });
    return chosen ?? accepted;
  };

  return {
    of,

    /** Acts at once where the language is known here, so that answers keep their order. */
    inLanguageOf(userId: UserId, accepted: Language, act: (language: Language) => void): void {
      const language = known(userId, accepted);
      if (language !== undefined) act(language);
      else void of(userId, accepted).then(act);
    },

    /** The user's settings have changed. */
    forget(userId: UserId): void {
      kept.delete(userId);
    },
  };

  async function askFor(userId: UserId): Promise<Language | undefined> {
    try {
      const { language } = await actors.get(User, userId).language({}, { deadlineMs: clock.nowMs() + askMs });
      return language === null ? undefined : (languageOf(language) ?? "en");
    } catch {
      return undefined; // the error that is to be answered counts, not this one
    }
  }
}

/** The first language of an Accept-Language header that has messages here. */
export function acceptedLanguage(header: string | undefined): Language {
  const wishes = (header ?? "").slice(0, 1_000).split(",").map(wishOf);
  const [best] = wishes
    .filter(({ language, weight }) => language && weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  return best?.language ?? "en";
}

export function messageIn(language: Language, error: DomainError): string {
  return language === "zh" ? chineseMessages[error.error] : error.message;
}

function wishOf(text: string): { language: Language | undefined; weight: number } {
  const [tag = "", ...parameters] = text.split(";").map((part) => part.trim());
  const quality = parameters.find((each) => each.startsWith("q="))?.slice(2);
  const weight = quality === undefined ? 1 : Number(quality);
  return { language: languageOf(tag), weight: Number.isFinite(weight) ? weight : 0 };
}

/** By the primary subtag: "zh-Hans-CN" is Chinese. */
function languageOf(tag: string): Language | undefined {
  const [primary] = tag.toLowerCase().split(/[-_]/);
  return primary === "zh" || primary === "en" ? primary : undefined;
}
