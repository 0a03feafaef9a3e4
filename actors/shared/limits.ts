// How long texts and lists from clients may be: one definition for actors, gateway and the reference made from its schemas.

/** Code points. */
export const maxChars = {
  nickname: 50,
  userAvatar: 255,
  signature: 200,
  region: 100,
  language: 10,
  remark: 50,
  friendGroupName: 50,
  groupName: 100,
  groupAvatar: 1_024,
  announcement: 2_000,
  groupNickname: 50,
  /** A part of a member's name. */
  memberKeyword: 100,
  /** Of a request for friendship or to join a group. */
  requestMessage: 200,
  requestSource: 32,
  /** Of an address anywhere in a message. */
  url: 2_048,
  /** A name beside a message or call, as it was then: longer than any that can be set now. */
  senderName: 200,
  clientMsgId: 64,
  messageText: 5_000,
  /** Of merged messages. */
  mergedTitle: 100,
} as const;

/** UTF-16 units of the line that shows a message in a list or a quote; a longer line is cut. */
export const maxPreviewUnits = 100;

/** Items. */
export const maxItems = {
  /** Each may cost an outbox entry, and a turn's record is kept below 64 KiB, the content's 48 included. */
  mentions: 50,
  /** Each is asked for consent by the turn that invites. */
  invitees: 200,
  /** One command each. */
  admins: 20,
  /** Forwarded at once, singly or merged. */
  forwarded: 100,
  forwardTargets: 20,
  /** Named by an acknowledgement or a read mark: the highest counts. */
  messageIds: 200,
} as const;
