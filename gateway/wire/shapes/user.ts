import {
  choice,
  count,
  flag,
  id,
  list,
  nullable,
  object,
  optional,
  seconds,
  text,
  time,
  type ValueOf,
} from "./fields.ts";
import { address, name } from "./message.ts";

const gender = { ...count("0 unknown, 1 male, 2 female"), max: 2 };
export const contactProps = { phone: text(32), email: text(254), account: text(50) };

/** The fields of a profile that its user may change. */
export const profilePatchProps = {
  nickname: optional(name),
  avatar: optional(address),
  signature: optional(text(200)),
  gender: optional(gender),
  birthday: optional(text(10, "YYYY-MM-DD, or empty")),
  region: optional(text(100)),
};
const seenProps = { userId: id, nickname: name, avatar: address, signature: text(200), gender, region: text(100) };

export const profileShape = object(
  {
    ...seenProps,
    birthday: text(10, "YYYY-MM-DD, or empty"),
    ...contactProps,
    qrcodeUrl: address,
    createdAt: time,
  },
  "Profile",
);
export type WireProfile = ValueOf<typeof profileShape>;

const settingsProps = {
  friendVerifyRequired: flag,
  notificationEnabled: flag,
  soundEnabled: flag,
  vibrationEnabled: flag,
  messagePreviewEnabled: flag,
  language: text(16),
  searchByPhone: flag,
  searchById: flag,
  lastSeen: choice("everybody", "friends", "nobody"),
  groupInviteConsent: flag,
  contactsConsent: flag,
};
/** Settings in items and notifications, without the user id. */
export const bareSettingsShape = object(settingsProps, "Settings");
export const settingsShape = object({ userId: id, ...settingsProps }, "UserSettings");
export type WireSettings = ValueOf<typeof settingsShape>;

/** A profile as other users see it. */
export const cardShape = object({ ...seenProps, isFriend: flag, isBlocked: flag }, "UserCard");

export const foundUsersShape = object({
  total: count(),
  users: list(object({ userId: id, nickname: name, avatar: address, signature: text(200) })),
  page: count(),
  pageSize: count(),
});

const accountShape = object({ userId: id, nickname: name, avatar: address, ...contactProps }, "Account");
export type WireAccount = ValueOf<typeof accountShape>;

export const tokensShape = object(
  {
    userId: id,
    accessToken: text(2_048),
    refreshToken: text(256),
    expiresIn: seconds,
    user: accountShape,
  },
  "Tokens",
);
export const oidcStartShape = object({ url: text(8_192), state: text(4_096) });
export const oidcTokensShape = object({ ...tokensShape.props, isNewUser: flag }, "OidcTokens");
export const codeSentShape = object({ expiresIn: seconds });

export const loginProps = {
  loginId: id,
  deviceId: id,
  deviceType: choice("iOS", "Android", "Web", "PC", "H5", "Pad", "API"),
  deviceName: text(64, "as the client named it, or empty"),
  clientVersion: text(32, "as the client named it, or empty"),
  ip: text(64),
  userAgent: text(256),
  createdAt: time,
  lastActiveTime: time,
  isCurrent: flag,
};
const knownLoginShape = object(
  {
    ...loginProps,
    endedAt: { ...time, description: "ms since 1970; 0: open" },
    endReason: {
      ...choice("", "logout", "multi_login", "replaced", "password_changed", "expired", "admin_kick", "token_reused"),
      description: "empty: open",
    },
  },
  "KnownLogin",
);
export const devicesShape = object({ devices: list(object(loginProps, "Login")) });
export const loginsShape = object({
  logins: list(knownLoginShape),
  cursor: nullable(text(64, "for the next page; null: this is the last one")),
});
