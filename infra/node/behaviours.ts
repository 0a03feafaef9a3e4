// The behaviours of all actors. Every host with the role `actors` runs the same ones.
import { createAccount } from "../../actors/account/account.ts";
import { blob } from "../../actors/blob/blob.ts";
import { contact } from "../../actors/contact/contact.ts";
import { createConversation } from "../../actors/conversation/conversation.ts";
import { defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import { createFile } from "../../actors/file/file.ts";
import { gallery } from "../../actors/gallery/gallery.ts";
import { createHandle } from "../../actors/handle/registry/handle.ts";
import { keyring } from "../../actors/keyring/keyring.ts";
import { modelSettings } from "../../actors/models/models.ts";
import { createOnce } from "../../actors/once/once.ts";
import { createPool } from "../../actors/pool/pool.ts";
import type { DueRefresh } from "../../actors/pool/refreshes.ts";
import { createProcess } from "../../actors/process/process.ts";
import { reply } from "../../actors/reply/reply.ts";
import { createResponse } from "../../actors/response/response.ts";
import type { AnyBehaviour } from "../../actors/runtime/contract.ts";
import type { Kind } from "../../actors/runtime/kinds.ts";
import { kickPresets } from "../../actors/session/kick-presets.ts";
import { createSession } from "../../actors/session/session.ts";
import { SensitiveWords } from "../../actors/shared/sensitive-words.ts";
import { storage } from "../../actors/storage/storage.ts";
import { createUser } from "../../actors/user/user.ts";
import { processKinds } from "../../workflows/process/kinds.ts";
import type { Config } from "../config/config.ts";
import { createCalendar } from "../system/calendar.ts";
import { systemRandom } from "../system/random.ts";
import { orUnreachable } from "../views/away-readers.ts";
import type { ViewStore } from "../views/view-store.ts";

/** What behaviours need of the host on which they run. */
export interface HostHooks {
  /** True for a boot whose lease was closed. */
  isClosed(boot: string): boolean;
  /** See `poke` of the process's actor. */
  pokeProcess(key: string): void;
  /** See `ask` of the pool's actor. */
  askRefresh(pool: string, due: readonly DueRefresh[]): void;
}

export function createBehaviours(
  config: Config,
  sends: ViewStore["sends"],
  reportError: (message: string, cause: unknown) => void,
  /** Tools that serve no sockets and run no processes leave it out. */
  { isClosed = () => false, pokeProcess = () => {}, askRefresh }: Partial<HostHooks> = {},
): readonly AnyBehaviour[] {
  const { kickPreset, refreshTokenMs } = config.auth;
  const sensitiveWords = new SensitiveWords(config.people.sensitiveWords);
  const rules = {
    ...defaultConversationRules,
    requireFriend: config.auth.requireFriend,
    perUserFanoutMax: config.perUserFanoutMax,
    maxGroupMembers: config.maxGroupMembers,
    friendRequestMs: config.people.friendRequestMs,
    qrCodeMs: config.people.qrCodeMs,
    sensitiveWords,
    groupInvitationMs: config.groupInvitationMs,
  };
  // A kind without a behaviour does not compile.
  const byKind: Record<Kind, AnyBehaviour> = {
    session: createSession({ kickPolicy: kickPresets[kickPreset], refreshTokenMs, isClosed }),
    conversation: createConversation({ sends: orUnreachable(sends, reportError), rules, random: systemRandom }),
    user: createUser({ random: systemRandom, rules: { ...config.people, sensitiveWords } }),
    handle: createHandle({ sensitiveWords }),
    models: modelSettings,
    keyring,
    account: createAccount({ ...config.ledger, calendar: createCalendar(), isClosed }),
    pool: createPool({ rules: config.pool.rules, ask: askRefresh }),
    file: createFile(config.files.rules),
    gallery,
    storage,
    blob,
    contact,
    reply,
    response: createResponse({ isClosed }),
    once: createOnce({ isClosed, maxRequestMs: config.ledger.maxRequestMs }),
    process: createProcess({ kinds: processKinds, poke: pokeProcess, isClosed }),
  };
  return Object.values(byKind);
}
