// Every error a user can get: one row each, and a message in `error-messages-zh.ts`. `gateway/kit/envelope.ts` alone turns a kind into a status.

export type ErrorKind =
  | "invalid" // 400
  | "unauthorized" // 401
  | "payment" // 402
  | "forbidden" // 403
  | "not_found" // 404
  | "wrong_method" // 405
  | "conflict" // 409
  | "gone" // 410
  | "too_large" // 413
  | "unsupported" // 415
  | "too_many" // 429
  | "internal" // 500
  | "bad_gateway" // 502
  | "unavailable" // 503
  | "timeout"; // 504

interface ErrorRow {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
}

export const errors = {
  // 00 common
  "common.invalid": { code: "000001", kind: "invalid", message: "A parameter is missing or wrong." },
  "common.unknown": { code: "000005", kind: "internal", message: "Something went wrong here. Quote the trace id." },
  "common.unavailable": { code: "000006", kind: "unavailable", message: "The service cannot answer now. Try again." },
  "common.timeout": { code: "000007", kind: "timeout", message: "The request took too long." },
  "common.conflict": { code: "000008", kind: "conflict", message: "Conflicts with another change." },
  "common.too_many": { code: "000009", kind: "too_many", message: "Too many requests. Try again later." },
  "common.too_large": { code: "000013", kind: "too_large", message: "The request is too large." },
  "common.not_found": { code: "000011", kind: "not_found", message: "There is nothing at this address." },
  "common.method_not_allowed": {
    code: "000012",
    kind: "wrong_method",
    message: "This address does not answer this method.",
  },
  "common.forbidden": { code: "000014", kind: "forbidden", message: "You may not do this." },
  // 01 auth
  "auth.user_exists": { code: "010101", kind: "conflict", message: "This phone, e-mail or account name is taken." },
  "auth.user_not_found": { code: "010102", kind: "not_found", message: "There is no such user." },
  "auth.wrong_password": { code: "010103", kind: "unauthorized", message: "The password is wrong." },
  "auth.token_invalid": { code: "010104", kind: "unauthorized", message: "The token is not valid." },
  "auth.token_expired": { code: "010105", kind: "unauthorized", message: "The token has expired." },
  "auth.refresh_invalid": { code: "010106", kind: "unauthorized", message: "The refresh token is not valid." },
  "auth.refresh_expired": { code: "010107", kind: "unauthorized", message: "The refresh token has expired." },
  "auth.code_wrong": { code: "010108", kind: "invalid", message: "The verification code is wrong." },
  "auth.code_expired": { code: "010109", kind: "invalid", message: "The verification code has expired." },
  "auth.password_weak": {
    code: "010110",
    kind: "invalid",
    message: "A password has 8 to 32 characters with a digit and a letter.",
  },
  "auth.banned": { code: "010111", kind: "forbidden", message: "This account is banned." },
  "auth.frozen": { code: "010112", kind: "forbidden", message: "This account is frozen." },
  "auth.phone_malformed": { code: "010113", kind: "invalid", message: "This is not a phone number." },
  "auth.email_malformed": { code: "010114", kind: "invalid", message: "This is not an e-mail address." },
  "auth.too_many_devices": { code: "010115", kind: "forbidden", message: "Too many devices are logged in." },
  "auth.device_mismatch": {
    code: "010118",
    kind: "invalid",
    message: "deviceId and platform must be those of the token.",
  },
  // 02 user
  "user.nickname_taken": { code: "020101", kind: "conflict", message: "This nickname is taken." },
  "user.nickname_sensitive": { code: "020102", kind: "invalid", message: "The nickname contains a forbidden word." },
  "user.avatar_refused": { code: "020103", kind: "invalid", message: "This is not the address of an avatar of yours." },
  "user.qrcode_expired": { code: "020104", kind: "gone", message: "This QR code has expired." },
  "user.qrcode_unknown": { code: "020105", kind: "not_found", message: "This QR code is not valid." },
  "user.not_found": { code: "020106", kind: "not_found", message: "There is no such user." },
  "user.setting_unknown": { code: "020107", kind: "invalid", message: "There is no such setting." },
  "user.phone_bound": { code: "020109", kind: "conflict", message: "This phone number belongs to another account." },
  "user.email_bound": { code: "020110", kind: "conflict", message: "This e-mail address belongs to another account." },
  // 03 friend
  "friend.already": { code: "030101", kind: "conflict", message: "You are friends already." },
  "friend.blocked_by_other": {
    code: "030102",
    kind: "forbidden",
    message: "This user does not accept requests from you.",
  },
  "friend.request_pending": { code: "030103", kind: "conflict", message: "You have asked already." },
  "friend.request_not_found": { code: "030104", kind: "not_found", message: "There is no such request." },
  "friend.request_expired": { code: "030105", kind: "gone", message: "The request has expired." },
  "friend.request_handled": { code: "030106", kind: "conflict", message: "The request was handled already." },
  "friend.not_found": { code: "030107", kind: "not_found", message: "You are not friends." },
  "friend.self": { code: "030108", kind: "invalid", message: "You cannot befriend yourself." },
  "friend.too_many": { code: "030109", kind: "forbidden", message: "You have too many friends." },
  "friend.other_too_many": { code: "030110", kind: "forbidden", message: "This user has too many friends." },
  "friend.blacklist_full": { code: "030111", kind: "forbidden", message: "Your blacklist is full." },
  "friend.blocked_already": { code: "030112", kind: "conflict", message: "This user is on your blacklist already." },
  "friend.not_blocked": { code: "030113", kind: "not_found", message: "This user is not on your blacklist." },
  "friend.group_not_found": { code: "030114", kind: "not_found", message: "There is no such group of friends." },
  "friend.too_many_groups": { code: "030115", kind: "forbidden", message: "You have too many groups of friends." },
  // 04 group
  "group.not_found": { code: "040101", kind: "not_found", message: "There is no such group." },
  "group.dissolved": { code: "040102", kind: "gone", message: "The group was dissolved." },
  "group.too_few_members": {
    code: "040103",
    kind: "invalid",
    message: "A group needs at least one member besides you.",
  },
  "group.full": { code: "040104", kind: "forbidden", message: "The group is full." },
  "group.not_member": { code: "040105", kind: "forbidden", message: "You are not in this group." },
  "group.already_member": { code: "040106", kind: "conflict", message: "Already in this group." },
  "group.not_owner": { code: "040107", kind: "forbidden", message: "Only the owner may do this." },
  "group.not_admin": { code: "040108", kind: "forbidden", message: "Only the owner and admins may do this." },
  "group.owner_stays": { code: "040109", kind: "forbidden", message: "The owner cannot be removed." },
  "group.admin_stays": { code: "040110", kind: "forbidden", message: "Only the owner may remove an admin." },
  "group.name_sensitive": { code: "040111", kind: "invalid", message: "The name contains a forbidden word." },
  "group.announcement_sensitive": {
    code: "040112",
    kind: "invalid",
    message: "The announcement contains a forbidden word.",
  },
  "group.request_not_found": { code: "040113", kind: "not_found", message: "There is no such request." },
  "group.request_handled": { code: "040114", kind: "conflict", message: "The request was handled already." },
  "group.invitation_not_found": { code: "040113", kind: "not_found", message: "There is no such invitation." },
  "group.invitation_over": {
    code: "040114",
    kind: "conflict",
    message: "The invitation was answered already, or has expired.",
  },
  "group.muted": { code: "040115", kind: "forbidden", message: "You are muted in this group." },
  "group.owner_role": { code: "040109", kind: "conflict", message: "The owner's role changes by a transfer only." },
  "group.qrcode_expired": { code: "040117", kind: "gone", message: "This QR code of a group has expired." },
  "group.owner_must_transfer": { code: "040116", kind: "conflict", message: "Transfer the group before you leave it." },
  // 05 message
  "message.not_found": { code: "050101", kind: "not_found", message: "There is no such message." },
  "message.recalled": { code: "050102", kind: "gone", message: "The message was recalled." },
  "message.recall_too_late": { code: "050103", kind: "forbidden", message: "It is too late to recall this message." },
  "message.not_yours": { code: "050104", kind: "forbidden", message: "You may not change this message." },
  "message.sensitive": { code: "050105", kind: "invalid", message: "The message contains a forbidden word." },
  "message.not_friends": { code: "050107", kind: "forbidden", message: "You are not friends." },
  "message.blocked": { code: "050108", kind: "forbidden", message: "One of you has blocked the other." },
  "message.empty": { code: "050109", kind: "invalid", message: "The message is empty." },
  "message.too_long": { code: "050110", kind: "too_large", message: "The message is too long." },
  "message.url_invalid": { code: "050111", kind: "invalid", message: "The file's address is not valid." },
  "message.type_unknown": { code: "050112", kind: "invalid", message: "This type of message is not supported." },
  /** Between gateway and conversation only: the gateway sends again, in order. */
  "message.out_of_order": { code: "000006", kind: "unavailable", message: "An earlier message is still on its way." },
  // 06 session (conversation list)
  "session.not_found": { code: "060101", kind: "not_found", message: "There is no such conversation." },
  "session.deleted": { code: "060102", kind: "gone", message: "This entry was deleted from the list." },
  "session.nobody": {
    code: "060103",
    kind: "invalid",
    message: "Name a user or a group to open a conversation with.",
  },
  "session.unread_unknown": {
    code: "060104",
    kind: "unavailable",
    message: "The unread messages cannot be counted now. Try again.",
  },
  // 07 files
  "file.too_large": { code: "070101", kind: "too_large", message: "The file is too large." },
  "file.type_refused": { code: "070102", kind: "unsupported", message: "This kind of file is not taken." },
  "file.storage_full": { code: "070103", kind: "forbidden", message: "There is no room left for your files." },
  "file.not_uploaded": { code: "070104", kind: "conflict", message: "The bytes of the file have not come." },
  "file.not_found": { code: "070105", kind: "not_found", message: "There is no such file." },
  "file.gone": { code: "070106", kind: "gone", message: "The file was deleted." },
  "file.url_ended": { code: "070107", kind: "forbidden", message: "This address of the file has ended." },
  "file.upload_unknown": { code: "070108", kind: "not_found", message: "There is no such upload." },
  "file.part_invalid": { code: "070109", kind: "invalid", message: "A part of the upload is missing or wrong." },
  "file.digest_differs": { code: "070110", kind: "invalid", message: "The bytes have another digest." },
  // 09 gateway
  "gateway.malformed": { code: "090103", kind: "invalid", message: "This is not understood." },
  // 10 calls
  "rtc.call_not_found": { code: "100101", kind: "not_found", message: "There is no such call." },
  "rtc.call_ended": { code: "100102", kind: "gone", message: "The call is over." },
  "rtc.busy": { code: "100103", kind: "conflict", message: "This user is in another call." },
  "rtc.rejected": { code: "100104", kind: "conflict", message: "The call was rejected." },
  "rtc.no_answer": { code: "100105", kind: "gone", message: "Nobody answered." },
  "rtc.unavailable": {
    code: "100110",
    kind: "unavailable",
    message: "Calls are not possible: LiveKit cannot be reached.",
  },
  // 13 models
  "llm.no_config": { code: "130101", kind: "invalid", message: "Set the address and key of a model first." },
  "llm.config_not_found": { code: "130120", kind: "not_found", message: "No model is set." },
  "llm.model_unknown": { code: "130102", kind: "not_found", message: "There is no such model." },
  "llm.no_provider": {
    code: "130122",
    kind: "unavailable",
    message: "This server has no provider of models yet. Its operator sets OPENAI_API_KEY or imports accounts.",
  },
  "llm.budget_spent": { code: "130103", kind: "payment", message: "The budget is spent." },
  "llm.key_spent": { code: "130104", kind: "payment", message: "The quota of this key is spent." },
  "llm.rate_limited": { code: "130105", kind: "too_many", message: "Too many requests to models. Try again later." },
  "llm.key_invalid": { code: "130106", kind: "unauthorized", message: "The API key is not valid." },
  "llm.key_not_found": { code: "130107", kind: "not_found", message: "There is no such key." },
  "llm.code_wrong": { code: "130108", kind: "unauthorized", message: "The access code is wrong." },
  "llm.code_spent": { code: "130109", kind: "gone", message: "The access code is used up or has expired." },
  "llm.response_not_found": { code: "130121", kind: "not_found", message: "There is no such response." },
  "llm.reply_not_found": { code: "130110", kind: "not_found", message: "There is no such reply." },
  "llm.reply_over": { code: "130111", kind: "gone", message: "The reply is over." },
  /** Between the worker of a reply and its actor: another worker has begun a newer attempt. */
  "llm.attempt_over": { code: "130112", kind: "conflict", message: "Another attempt has begun." },
  "llm.credential_not_found": { code: "130113", kind: "not_found", message: "There is no such account." },
  "llm.refresh_failed": { code: "130114", kind: "bad_gateway", message: "The account could not be refreshed." },
  "llm.upstream_failed": { code: "130115", kind: "bad_gateway", message: "The model's server failed." },
  "llm.upstream_silent": { code: "130116", kind: "timeout", message: "The model's server did not answer in time." },
  "llm.prompt_too_long": {
    code: "130117",
    kind: "invalid",
    message: "The message is longer than the model's context.",
  },
  "llm.assistant_not_found": { code: "130118", kind: "not_found", message: "There is no such assistant." },
  "llm.list_full": { code: "130119", kind: "forbidden", message: "There are too many of these. Remove one first." },
  // 11 sync
  "sync.failed": { code: "110103", kind: "unavailable", message: "Sync failed. Try again." },
} as const satisfies Record<string, ErrorRow>;

export type ErrorName = keyof typeof errors;

export function isErrorName(text: string): text is ErrorName {
  return Object.hasOwn(errors, text);
}

/** True for an error of the table that users can act on. Of every other error they learn only that it happened. */
export function isForUsers(error: string): error is ErrorName {
  return isErrorName(error) && errors[error].kind !== "internal";
}

/** A refusal that the caller can understand and act on. Anything else that is thrown is a bug. */
export class DomainError extends Error {
  override name = "DomainError";
  readonly error: ErrorName;
  readonly details: unknown;
  constructor(error: ErrorName, options: { details?: unknown; message?: string; cause?: unknown } = {}) {
    super(options.message ?? errors[error].message, { cause: options.cause });
    this.error = error;
    this.details = options.details;
  }
  get kind(): ErrorKind {
    return errors[this.error].kind;
  }
  get code(): string {
    return errors[this.error].code;
  }
}

/** common.invalid: the field, and what it may hold. */
export function invalidField(field: string, expected: string): DomainError {
  return new DomainError("common.invalid", { details: [{ field, expected }] });
}
