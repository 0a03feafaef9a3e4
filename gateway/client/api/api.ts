// The REST calls, with types. `session.call` reaches what has no name here.
import type { OutgoingMessage } from "../base/wire.ts";
import { type Calls, createCalls } from "./calls.ts";
import { fileCalls } from "./files.ts";
import type {
  Assistant,
  AssistantSettings,
  ContactMatch,
  Device,
  ForwardResult,
  Friend,
  FriendGroup,
  FriendRequest,
  Group,
  GroupInvitation,
  GroupJoinRequest,
  JoinRequest,
  KnownLogin,
  Member,
  MergedMessage,
  MessageContext,
  MessagePage,
  PinnedMessage,
  Profile,
  QrCode,
  Reactors,
  Recommendation,
  SessionChanges,
  SessionEntry,
} from "./objects.ts";
import { phoneCalls } from "./phone.ts";
import { queryOf } from "./request.ts";
import type { Session } from "./session.ts";

export function createApi(session: Session) {
  const calls = createCalls(session);
  return {
    users: userCalls(calls),
    friends: friendCalls(calls),
    sessions: sessionCalls(calls),
    messages: messageCalls(calls),
    groups: groupCalls(calls),
    files: fileCalls(calls),
    phone: phoneCalls(calls),
    assistants: assistantCalls(calls),
  };
}
export type Api = ReturnType<typeof createApi>;

function userCalls({ get, post, put, remove }: Calls) {
  return {
    me: () => get<Profile>("/users/me"),
    update: (patch: Partial<Profile>) => put<Profile>("/users/me", patch),
    get: (userId: string) => get<Profile & { isFriend: boolean; isBlocked: boolean }>(`/users/${userId}`),
    /** By exact phone number, e-mail address, account name or id, as far as the found user allows. */
    search: async (keyword: string) => (await get<{ users: Profile[] }>(`/users/search${queryOf({ keyword })}`)).users,
    qrCode: () => get<QrCode>("/users/me/qrcode"),
    /** Makes another code; the earlier one is no longer valid. */
    refreshQrCode: () => post<QrCode>("/users/qrcode/refresh"),
    /** The user whose code was scanned. */
    scan: (code: string) => get<Profile & { isFriend: boolean; isBlocked: boolean }>(`/users/qrcode/${code}`),
    /** The code comes from `session.sendCode(…, "bind")`. */
    bindPhone: (bind: { phoneNumber: string; verifyCode: string; password: string }) =>
      put<Profile>("/users/me/phone", bind),
    bindEmail: (bind: { email: string; verifyCode: string; password: string }) => put<Profile>("/users/me/email", bind),
    changeAccountName: (account: string) => put<Profile>("/users/me/account", { account }),
    settings: () => get<Record<string, unknown>>("/users/me/settings"),
    updateSettings: (patch: Readonly<Record<string, unknown>>) => put("/users/me/settings", patch),
    devices: async () => (await get<{ devices: Device[] }>("/auth/devices")).devices,
    /** Newest first. */
    logins: (page: { limit?: number; cursor?: string } = {}) =>
      get<{ logins: KnownLogin[]; cursor: string | null }>(`/auth/logins${queryOf(page)}`),
    logoutDevice: (deviceId: string) => remove(`/auth/devices/${deviceId}`),
  };
}

function friendCalls({ get, post, put, remove }: Calls) {
  return {
    list: async () => (await get<{ friends: Friend[] }>("/friends")).friends,
    requests: async (filter: { type?: "received" | "sent"; status?: FriendRequest["status"] } = {}) =>
      (await get<{ requests: FriendRequest[] }>(`/friends/requests${queryOf(filter)}`)).requests,
    /** `status` is "accepted" at once when the other user does not ask to verify. */
    request: (userId: string, message = "", source = "search", groupId?: string) =>
      post<{ requestId: string; status: string }>("/friends/requests", { userId, message, source, groupId }),
    answer: (requestId: string, action: "accept" | "reject") => put(`/friends/requests/${requestId}`, { action }),
    rename: (userId: string, remark: string) => put(`/friends/${userId}/remark`, { remark }),
    star: (userId: string, starred: boolean) => put(`/friends/${userId}/star`, { starred }),
    groups: async () => (await get<{ groups: FriendGroup[] }>("/friends/groups")).groups,
    addGroup: (name: string) => post<FriendGroup>("/friends/groups", { name }),
    updateGroup: (groupId: string, patch: { name?: string; sort?: number }) =>
      put<FriendGroup>(`/friends/groups/${groupId}`, patch),
    removeGroup: (groupId: string) => remove(`/friends/groups/${groupId}`),
    /** Puts the friend into these groups and no others. */
    setGroups: (userId: string, groupIds: readonly string[]) => put(`/friends/${userId}/groups`, { groupIds }),
    /** Finds users by phone numbers and e-mail addresses. With the setting contactsConsent hashes of these are kept. */
    matchContacts: async (contacts: readonly { phone?: string; email?: string; name?: string }[]) =>
      (await post<{ matches: ContactMatch[] }>("/friends/contacts", { contacts })).matches,
    /** Users who have the caller among their contacts, where both set contactsConsent. */
    recommendations: async () => (await get<{ users: Recommendation[] }>("/friends/recommendations")).users,
    remove: (userId: string) => remove(`/friends/${userId}`),
    block: (userId: string) => post("/friends/blacklist", { userId }),
    unblock: (userId: string) => remove(`/friends/blacklist/${userId}`),
    blocked: async () => (await get<{ blacklist: Profile[] }>("/friends/blacklist")).blacklist,
  };
}

function sessionCalls({ get, post, put, remove }: Calls) {
  return {
    list: async () => (await get<{ sessions: SessionEntry[] }>("/sessions")).sessions,
    /** `sinceMs` 0: the whole list. */
    changes: (sinceMs: number) =>
      get<SessionChanges>(`/sessions${queryOf({ lastUpdateTime: sinceMs > 0 ? sinceMs : undefined })}`),
    get: (sessionId: string) => get<SessionEntry>(`/sessions/${sessionId}`),
    /** The conversation with a user, made when there is none yet. */
    open: (receiverId: string) => post<SessionEntry>("/sessions", { receiverId }),
    /** A new chat with a model. */
    openChat: (assistantId: string, title?: string) => post<SessionEntry>("/sessions", { assistantId, title }),
    /** Of a chat with a model. */
    rename: (sessionId: string, title: string) => put<SessionEntry>(`/sessions/${sessionId}`, { title }),
    pin: (sessionId: string, isPinned: boolean) => put(`/sessions/${sessionId}/pin`, { isPinned }),
    mute: (sessionId: string, isMuted: boolean) => put(`/sessions/${sessionId}/mute`, { isMuted }),
    read: (sessionId: string, seq: number) => post(`/sessions/${sessionId}/read`, { seq }),
    /** Removes the messages, for this user. */
    clear: (sessionId: string) => remove(`/sessions/${sessionId}/messages`),
    remove: (sessionId: string) => remove(`/sessions/${sessionId}`),
    pins: async (sessionId: string) => (await get<{ pins: PinnedMessage[] }>(`/sessions/${sessionId}/pins`)).pins,
    unreadTotal: () => get<{ total: number }>("/sessions/unread/total"),
  };
}

function messageCalls({ get, post, put, remove }: Calls) {
  return {
    /** From `startSeq` on towards older ("backward") or newer messages; without it the newest. Sorted by seq. */
    history: (
      sessionId: string,
      page: { startSeq?: number; limit?: number; direction?: "forward" | "backward" } = {},
    ) => get<MessagePage>(`/messages/history${queryOf({ sessionId, ...page })}`),
    /** At least one of the filters; a page with a cursor may be short, and the search goes on at the cursor. */
    search: (filter: {
      keyword?: string;
      sessionId?: string;
      senderId?: string;
      contentType?: string;
      startTime?: number;
      endTime?: number;
      limit?: number;
      cursor?: string;
    }) => get<MessagePage & { cursor: string | null }>(`/messages/search${queryOf(filter)}`),
    /** A message between its neighbours: to jump to one that was quoted or found. */
    context: (messageId: string, { before = 20, after = 20 }: { before?: number; after?: number } = {}) =>
      get<MessageContext>(`/messages/${messageId}/context${queryOf({ before, after })}`),
    /** Without a socket. The client's `send` retries, and keeps the order. */
    send: (message: OutgoingMessage, clientMsgId: string) =>
      post<{ messageId: string; sessionId: string; seq: number }>("/messages", { ...message, clientMsgId }),
    /** To at most 20 conversations, each by itself or all merged into one message. A retry has the same clientMsgId. */
    forward: (forward: {
      messageIds: readonly string[];
      targets: readonly { sessionId?: string; receiverId?: string; groupId?: string }[];
      merge?: boolean;
      title?: string;
      clientMsgId: string;
    }) => post<{ results: ForwardResult[] }>("/messages/forward", forward),
    /** The whole messages that a merged_forward holds. */
    merged: (messageId: string) => get<{ title: string; messages: MergedMessage[] }>(`/messages/${messageId}/merged`),
    edit: (messageId: string, content: unknown) => put(`/messages/${messageId}`, { content }),
    /** Its content comes once, to its sender, who may edit it and send it again. */
    recall: (messageId: string) =>
      post<{ messageId: string; seq: number; version: number; content?: unknown }>(`/messages/${messageId}/recall`),
    remove: (messageId: string) => remove(`/messages/${messageId}`),
    /** The contents that a message had, oldest first, the original included. */
    edits: async (messageId: string) =>
      (await get<{ edits: { content: unknown; editedAt: number }[] }>(`/messages/${messageId}/edits`)).edits,
    pin: (messageId: string, on: boolean) =>
      on ? put(`/messages/${messageId}/pin`, {}) : remove(`/messages/${messageId}/pin`),
    react: (messageId: string, emoji: string, on: boolean) => {
      const path = `/messages/${messageId}/reactions/${encodeURIComponent(emoji)}`;
      return on ? put(path, {}) : remove(path);
    },
    /** Who reacted, by emoji. */
    reactions: async (messageId: string) =>
      (await get<{ reactions: Reactors[] }>(`/messages/${messageId}/reactions`)).reactions,
  };
}

function groupCalls({ get, post, put, remove }: Calls) {
  return {
    list: async () => (await get<{ groups: Group[] }>("/groups")).groups,
    create: (group: { name: string; memberIds: readonly string[]; joinVerify?: boolean }) =>
      post<Group & { pendingIds?: readonly string[] }>("/groups", group),
    get: (groupId: string) => get<Group>(`/groups/${groupId}`),
    update: (groupId: string, patch: Readonly<Record<string, unknown>>) => put<Group>(`/groups/${groupId}`, patch),
    /** The user's own name for the group; "": none. */
    setRemark: (groupId: string, remark: string) => put(`/groups/${groupId}/remark`, { remark }),
    dissolve: (groupId: string) => remove(`/groups/${groupId}`),
    exit: (groupId: string) => post(`/groups/${groupId}/exit`),
    transfer: (groupId: string, newOwnerId: string) => post(`/groups/${groupId}/transfer`, { newOwnerId }),
    members: (
      groupId: string,
      page: { page?: number; pageSize?: number; keyword?: string; role?: Member["role"] } = {},
    ) => get<{ members: Member[]; total: number; updateTime: number }>(`/groups/${groupId}/members${queryOf(page)}`),
    /** `full`: not all changes of that time are known, and `members` is the first page of all. */
    memberChanges: (groupId: string, lastUpdateTime: number) =>
      get<{ members: Member[]; deletedIds: string[]; full: boolean; updateTime: number }>(
        `/groups/${groupId}/members${queryOf({ lastUpdateTime })}`,
      ),
    add: (groupId: string, memberIds: readonly string[]) =>
      post<{ successIds: string[]; failedIds: string[]; pendingIds: string[] }>(`/groups/${groupId}/members`, {
        memberIds,
      }),
    announce: (groupId: string, announcement: string) =>
      put<Group>(`/groups/${groupId}/announcement`, { announcement }),
    /** All members but owner and admins. */
    mute: (groupId: string, muted: boolean) => put<Group>(`/groups/${groupId}/mute`, { muted }),
    muteMember: (groupId: string, userId: string, muted: boolean) =>
      put(`/groups/${groupId}/members/${userId}/mute`, { muted }),
    /** Of one group, for its owner and admins. */
    joinRequests: async (groupId: string) =>
      (await get<{ requests: JoinRequest[] }>(`/groups/${groupId}/requests`)).requests,
    removeMember: (groupId: string, userId: string) => remove(`/groups/${groupId}/members/${userId}`),
    setRole: (groupId: string, userId: string, role: "admin" | "member") =>
      put(`/groups/${groupId}/members/${userId}/role`, { role }),
    addAssistant: (groupId: string, assistantId: string) => post(`/groups/${groupId}/assistants`, { assistantId }),
    removeAssistant: (groupId: string, assistantId: string) => remove(`/groups/${groupId}/assistants/${assistantId}`),
    join: (groupId: string, message = "") => post(`/groups/${groupId}/join`, { message }),
    /** The user's invitations and how they ended, newest first. */
    invitations: async (status?: GroupInvitation["status"]) =>
      (await get<{ invitations: GroupInvitation[] }>(`/groups/invitations${queryOf({ status })}`)).invitations,
    /** `needVerify`: an admin decides now. */
    answerInvitation: (invitationId: string, accept: boolean) =>
      put<{ status: "accepted" | "declined"; groupId: string; needVerify: boolean }>(
        `/groups/invitations/${invitationId}`,
        { accept },
      ),
    /** The code that is valid now. */
    qrCode: (groupId: string) => get<QrCode>(`/groups/${groupId}/qrcode`),
    refreshQrCode: (groupId: string) => post<QrCode>(`/groups/${groupId}/qrcode/refresh`),
    scan: (code: string) =>
      get<Pick<Group, "groupId" | "name" | "memberCount"> & { joinVerify: boolean; isMember: boolean }>(
        `/groups/qrcode/${code}`,
      ),
    joinByCode: (code: string, message = "") =>
      post<{ groupId: string; needVerify: boolean; requestId: string | null }>(`/groups/qrcode/${code}/join`, {
        message,
      }),
    /** Requests to join: the user's own, or those that wait for the user as owner or admin. */
    requests: async (type: "sent" | "received") =>
      (await get<{ requests: GroupJoinRequest[] }>(`/groups/requests${queryOf({ type })}`)).requests,
    handleRequest: (groupId: string, requestId: string, accept: boolean) =>
      put(`/groups/${groupId}/requests/${requestId}`, { accept }),
  };
}

function assistantCalls({ get, post, put, remove }: Calls) {
  return {
    /** Those that the user may talk to: the system's models, the own one, and those that the user made. */
    list: async () => (await get<{ assistants: Assistant[] }>("/assistants")).assistants,
    create: (settings: AssistantSettings) => post<Assistant>("/assistants", settings),
    update: (assistantId: string, settings: AssistantSettings) =>
      put<Assistant>(`/assistants/${assistantId}`, settings),
    remove: (assistantId: string) => remove(`/assistants/${assistantId}`),
    /** Another version of an answer, or the answer to a message that has none. */
    regenerate: (messageId: string) => post<{ replyId: string }>(`/messages/${messageId}/regenerate`),
    stop: (replyId: string) => post<{ isStopped: boolean }>(`/replies/${replyId}/stop`),
  };
}
