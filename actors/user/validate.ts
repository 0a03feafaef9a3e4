// Checks of profile, settings and remark; an error names the field.
import { DomainError } from "../shared/errors.ts";
import { maxChars } from "../shared/limits.ts";
import { isLongerThan, shownName } from "../shared/names.ts";
import type { ProfilePatch, Settings } from "./contract.ts";

type Check = (value: unknown) => boolean;

const profileChecks: Record<keyof ProfilePatch, Check> = {
  nickname: (value) => isText(value, maxChars.nickname) && shownName(value) !== undefined,
  avatar: (value) => isText(value, maxChars.userAvatar),
  signature: (value) => isText(value, maxChars.signature),
  gender: (value) => value === 0 || value === 1 || value === 2,
  birthday: (value) => value === "" || isDate(value),
  region: (value) => isText(value, maxChars.region),
};

const settingsChecks: Record<keyof Settings, Check> = {
  friendVerifyRequired: isBoolean,
  notificationEnabled: isBoolean,
  soundEnabled: isBoolean,
  vibrationEnabled: isBoolean,
  messagePreviewEnabled: isBoolean,
  language: (value) => isText(value, maxChars.language) && value !== "",
  searchByPhone: isBoolean,
  searchById: isBoolean,
  lastSeen: (value) => value === "everybody" || value === "friends" || value === "nobody",
  groupInviteConsent: isBoolean,
  contactsConsent: isBoolean,
};

/** The fields of the patch that differ from `current`, checked. */
export function changedProfileFields(current: ProfilePatch, patch: ProfilePatch): (keyof ProfilePatch)[] {
  return changedFields(profileChecks, current, patch);
}

export function changedSettings(current: Settings, patch: Partial<Settings>): (keyof Settings)[] {
  return changedFields(settingsChecks, current, patch);
}

export function assertRemark(remark: string): void {
  if (!isText(remark, maxChars.remark)) throw invalid("remark");
}

function changedFields<T extends object>(
  checks: Record<keyof T & string, Check>,
  current: T,
  patch: Partial<T>,
): (keyof T & string)[] {
  const changed: (keyof T & string)[] = [];
  for (const [field, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(checks, field)) throw invalid(field);
    const known = field as keyof T & string;
    if (!checks[known](value)) throw invalid(field);
    if (current[known] !== value) changed.push(known);
  }
  return changed;
}

function invalid(field: string): DomainError {
  return new DomainError("common.invalid", { details: { field } });
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isText(value: unknown, max: number): value is string {
  return typeof value === "string" && !isLongerThan(value, max);
}

function isDate(value: unknown): boolean {
  if (typeof value !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)) return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}
