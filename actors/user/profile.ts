import type { RecordMeta } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { foldWithdrawal } from "./contacts.ts";
import type { Profile, ProfilePatch, Settings, UserCommands } from "./contract.ts";
import type { ByType, ProfileEvent } from "./events.ts";
import type { UserPorts } from "./ports.ts";
import { defaultSettings, type UserState } from "./state.ts";
import type { UserTurn } from "./turn.ts";
import { foldCardUpdate } from "./update-friends.ts";
import { changedProfileFields, changedSettings } from "./validate.ts";

export function createProfileCommands({ rules }: UserPorts) {
  return {
    create(turn: UserTurn, { atMs, role, ...person }: Parameters<UserCommands["create"]>[0]): null {
      const { userId, version, profile } = turn.state;
      if (profile) return null;
      const empty = { avatar: "", signature: "", gender: 0 as const, birthday: "", region: "" };
      turn.emit({
        type: "created",
        version: version + 1,
        profile: { userId, ...empty, ...person, createdAtMs: atMs },
        ...(role && { role }),
      });
      return null;
    },

    updateProfile(turn: UserTurn, { patch }: { patch: ProfilePatch }): Profile {
      const current = getProfile(turn.state);
      const changed = changedProfileFields(current, patch);
      if (changed.length === 0) return current;
      if (changed.includes("nickname") && rules.sensitiveWords.isIn(patch.nickname ?? "")) {
        throw new DomainError("user.nickname_sensitive");
      }
      const profile = { ...current, ...pick(patch, changed) };
      turn.emit({ type: "profile_changed", version: turn.state.version + 1, profile, changed });
      return profile;
    },

    updateSettings(turn: UserTurn, { patch }: { patch: Partial<Settings> }): Settings {
      getProfile(turn.state);
      const current = turn.state.settings.settings;
      const changed = changedSettings(current, patch);
      // A language that is chosen counts before the client's, also when it is the default.
      const isChosen = patch.language !== undefined && !turn.state.hasLanguage;
      if (isChosen && !changed.includes("language")) changed.push("language");
      if (changed.length === 0) return current;
      const settings = { ...current, ...pick(patch, changed) };
      turn.emit({ type: "settings_changed", version: turn.state.version + 1, settings, changed });
      return settings;
    },

    newGroupId(turn: UserTurn): { groupId: string } {
      getProfile(turn.state);
      const groupId = String(turn.stamp());
      // The record keeps the id: otherwise a new owner of the shard could give it again.
      turn.emit({ type: "id_issued", id: groupId });
      return { groupId };
    },
  };
}

export const profileAppliers: ByType<ProfileEvent, [UserState, RecordMeta], void> = {
  created({ version, profile, role }, state, { atMs }) {
    if (role !== undefined) state.standing = { ...state.standing, role };
    state.profile = { type: "profile", id: "me", profile, version, updatedAtMs: atMs };
    state.settings = { ...state.settings, version, updatedAtMs: atMs };
  },
  profile_changed({ version, profile, changed }, state, { atMs }) {
    state.profile = { type: "profile", id: "me", profile, version, updatedAtMs: atMs };
    foldCardUpdate(state, changed, atMs);
  },
  settings_changed({ version, settings, changed }, state, { atMs }) {
    if (changed.includes("language")) state.hasLanguage = true;
    // Older events lack the settings that came later.
    const all = { ...defaultSettings, ...settings };
    state.settings = { type: "settings", id: "me", settings: all, version, updatedAtMs: atMs };
    if (!all.contactsConsent) foldWithdrawal(state, atMs);
  },
};

export function getProfile({ profile }: UserState): Profile {
  if (!profile) throw new DomainError("user.not_found");
  return profile.profile;
}

function pick<T extends object>(from: T, fields: readonly (keyof T)[]): Partial<T> {
  const picked: Partial<T> = {};
  for (const field of fields) picked[field] = from[field];
  return picked;
}
