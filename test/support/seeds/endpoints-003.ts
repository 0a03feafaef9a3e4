// What the seed document of the IM back end names: its endpoints, RPCs, frames and error codes.

/** 5.1: one a line. */
const rest = `
POST /api/v1/auth/register
POST /api/v1/auth/login
POST /api/v1/auth/logout
POST /api/v1/auth/refresh
POST /api/v1/auth/password/change
POST /api/v1/auth/password/reset
GET /api/v1/users/me
PUT /api/v1/users/me
GET /api/v1/users/:id
GET /api/v1/users/search
POST /api/v1/users/qrcode/refresh
GET /api/v1/users/qrcode/:code
PUT /api/v1/users/settings
GET /api/v1/users/settings
POST /api/v1/users/push-token
GET /api/v1/friends
POST /api/v1/friends/requests
PUT /api/v1/friends/requests/:id
DELETE /api/v1/friends/:id
PUT /api/v1/friends/:id/remark
POST /api/v1/friends/blacklist
DELETE /api/v1/friends/blacklist/:id
GET /api/v1/friends/blacklist
POST /api/v1/friends/contacts
GET /api/v1/groups
POST /api/v1/groups
GET /api/v1/groups/:id
PUT /api/v1/groups/:id
DELETE /api/v1/groups/:id
GET /api/v1/groups/:id/members
POST /api/v1/groups/:id/members
DELETE /api/v1/groups/:id/members/:userId
POST /api/v1/groups/:id/join
PUT /api/v1/groups/:id/join/:reqId
POST /api/v1/groups/:id/exit
POST /api/v1/groups/:id/transfer
POST /api/v1/groups/:id/admins
DELETE /api/v1/groups/:id/admins/:userId
GET /api/v1/groups/:id/qrcode
GET /api/v1/messages/offline
POST /api/v1/messages/ack
GET /api/v1/messages/history
GET /api/v1/messages/search
GET /api/v1/groups/:id/messages/:msgId/reads
GET /api/v1/sessions
POST /api/v1/sessions
DELETE /api/v1/sessions/:id
PUT /api/v1/sessions/:id/pin
PUT /api/v1/sessions/:id/mute
POST /api/v1/files/upload
GET /api/v1/files/:id
POST /api/v1/files/upload/init
POST /api/v1/files/upload/part
POST /api/v1/files/upload/complete
POST /api/v1/calls/invite
PUT /api/v1/calls/:id/accept
PUT /api/v1/calls/:id/reject
PUT /api/v1/calls/:id/hangup
GET /api/v1/calls/token
POST /api/v1/meetings
GET /api/v1/meetings/:id
POST /api/v1/meetings/:id/join
GET /api/v1/meetings/:id/token
`;

/** 5.3: a service, then its methods. */
const rpcs = `
AuthService VerifyToken GetUserByID GetUsersByIDs ForceLogout IsUserOnline
UserService GetProfile UpdateProfile GetSettings UpdateSettings SearchUsers
FriendService GetFriendList IsFriend IsBlocked GetFriendRequests
GroupService GetGroupInfo GetGroupMembers IsMember GetUserGroups
MessageService SendMessage RecallMessage GetHistory MarkRead
PushService PushMessage PushNotification
GatewayService PushToUser PushToGroup KickUser
`;

/** 5.4 */
const frames = `
CONNECT_ACK
CONNECT_ERROR
PING
PONG
NEW_MESSAGE
MESSAGE_ACK
USER_ONLINE
USER_OFFLINE
TYPING
USER_TYPING
MESSAGE_READ
GROUP_MESSAGE_READ
FORCE_LOGOUT
ERROR
`;

/** 7: the two digits of a service, then the four of each of its codes. */
const codes = `
00 0000 0001 0002 0003 0004 0005 0006 0007 0008 0009 0010
01 0101 0102 0103 0104 0105 0106 0107 0108 0109 0110 0111 0112 0113 0114 0115 0116 0117
02 0101 0102 0103 0104 0105 0106 0107 0108 0109 0110
03 0101 0102 0103 0104 0105 0106 0107 0108 0109 0110 0111 0112 0113
04 0101 0102 0103 0104 0105 0106 0107 0108 0109 0110 0111 0112 0113 0114 0115 0116 0117
05 0101 0102 0103 0104 0105 0106 0107 0108 0109 0110 0111 0112
06 0101 0102 0103 0104
07 0101 0102 0103 0104 0105 0106 0107 0108 0109 0110
08 0101 0102 0103 0104
09 0101 0102 0103 0104 0105
10 0101 0102 0103 0104 0105 0106 0107 0108 0109 0110
11 0101 0102 0103
12 0101 0102 0103 0104 0105
`;

export const endpointsOf003: readonly string[] = [
  ...linesOf(rest),
  ...linesOf(rpcs).flatMap((line) => expand(line, "/")),
  ...linesOf(frames).map((frame) => `frame ${frame}`),
  ...linesOf(codes).flatMap((line) => expand(line, "")),
];

function linesOf(text: string): string[] {
  return text.trim().split("\n");
}

function expand(line: string, between: string): string[] {
  const [head, ...tails] = line.split(" ");
  return tails.map((tail) => `${head}${between}${tail}`);
}
