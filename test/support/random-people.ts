// Users who act at random over the real routes: they write, edit and recall messages, join and leave groups, make and end
// friendships, and keep their own lists. The server may refuse an action; the next action follows all the same.
import type { Envelope, Person } from "./person.ts";
import type { SeededRandom } from "./seeded-random.ts";

interface Sent {
  readonly messageId: string;
  readonly sessionId: string;
  readonly seq: number;
  readonly by: Person;
}
type Answer = Envelope<unknown>;
type Row = Record<string, unknown>;

/** Messages that later actions pick from: mostly those that may still be edited and recalled. */
const maxRecent = 30;
/** Actions pick from the newest groups: fewer of these are dissolved. */
const maxGroups = 3;
const emojis = ["👍", "❤️", "🎉"];

export class RandomPeople {
  readonly people: readonly Person[];
  readonly random: SeededRandom;
  readonly #groups: { readonly groupId: string; readonly owner: Person }[] = [];
  readonly #sent: Sent[] = [];
  #count = 0;
  readonly #actions: readonly (readonly [name: string, weight: number, act: () => Promise<Answer | undefined>])[];

  constructor(people: readonly Person[], random: SeededRandom) {
    this.people = people;
    this.random = random;
    this.#actions = [
      ...this.#messageActions(),
      ...this.#listActions(),
      ...this.#groupActions(),
      ...this.#friendActions(),
    ];
  }

  /** The names of all actions. */
  get names(): string[] {
    return this.#actions.map(([name]) => name);
  }

  /** One random action; resolves with its name if the server accepted it. */
  async act(): Promise<string | undefined> {
    const total = this.#actions.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.random.below(total);
    const [name, , act] = this.#actions.find(([, weight]) => {
      left -= weight;
      return left < 0;
    })!;
    const answer = await act();
    if (answer && answer.status >= 500) throw new Error(`${name}: ${answer.status} ${answer.message}`);
    return answer?.code === 0 ? name : undefined;
  }

  async makesGroup(): Promise<Answer> {
    const [owner, ...others] = this.#shuffled();
    const memberIds = others.slice(0, 1 + this.random.below(others.length)).map(({ userId }) => userId);
    const body = { name: `group ${this.#next()}`, memberIds, joinVerify: this.#flag() };
    const answer = await owner!.posts<{ groupId: string }>("/groups", body);
    if (answer.code === 0) this.#groups.push({ groupId: answer.data.groupId, owner: owner! });
    return answer;
  }

  #messageActions() {
    const recent =
      (run: (message: Sent, by: Person) => Promise<Answer>, isAuthor = false) =>
      async () => {
        const message = this.#sent.length > 0 ? this.random.pick(this.#sent) : undefined;
        return message && run(message, isAuthor ? message.by : this.#one());
      };
    return [
      ["send", 40, () => this.#sends()],
      [
        "edit",
        6,
        recent(({ messageId }, by) => by.puts(`/messages/${messageId}`, { content: `edit ${this.#next()}` }), true),
      ],
      ["recall", 3, recent(({ messageId }, by) => by.posts(`/messages/${messageId}/recall`), true)],
      ["delete", 4, recent(({ messageId }, by) => by.deletes(`/messages/${messageId}`))],
      ["react", 6, recent(({ messageId }, by) => this.#turns(by, this.#reactionPath(messageId)))],
      ["pin", 4, recent(({ messageId }, by) => this.#turns(by, `/messages/${messageId}/pin`))],
      ["read", 6, recent(({ sessionId, seq }, by) => by.posts(`/sessions/${sessionId}/read`, { seq }))],
      ["forward", 2, recent((message, by) => this.#forwards(message, by))],
    ] as const;
  }

  #listActions() {
    const entry = (run: (by: Person, path: string) => Promise<Answer>) => () => {
      const { by, sessionId } = this.#place();
      return run(by, `/sessions/${sessionId}`);
    };
    return [
      ["clear", 1, entry((by, path) => by.deletes(`${path}/messages`))],
      ["hide", 1, entry((by, path) => by.deletes(path))],
      ["pin entry", 2, entry((by, path) => by.puts(`${path}/pin`, { isPinned: this.#flag() }))],
      ["mute entry", 2, entry((by, path) => by.puts(`${path}/mute`, { isMuted: this.#flag() }))],
      ["settings", 4, () => this.#one().puts("/users/me/settings", this.#settings())],
      ["signature", 2, () => this.#one().puts("/users/me", { signature: `sign ${this.#next()}` })],
    ] as const;
  }

  #groupActions() {
    // Owners act in every second action: most actions on groups are for them alone.
    const group = (run: (by: Person, path: string, other: Person) => Promise<Answer | undefined>) => async () => {
      if (this.#groups.length === 0) return undefined;
      const { groupId, owner } = this.random.pick(this.#groups.slice(-maxGroups));
      return run(this.#flag() ? owner : this.#one(), `/groups/${groupId}`, this.#one());
    };
    const rights = [
      "allowMemberInvite",
      "allowViewHistory",
      "allowAddFriend",
      "allowViewMembers",
      "showMemberNickname",
    ];
    return [
      ["create group", 1, () => this.makesGroup()],
      ["group facts", 2, group((by, path) => by.puts(path, { name: `group ${this.#next()}` }))],
      ["rights", 3, group((by, path) => by.puts(`${path}/settings`, { [this.random.pick(rights)]: this.#flag() }))],
      ["join rule", 1, group((by, path) => by.puts(`${path}/settings`, { joinVerify: this.#flag() }))],
      [
        "announcement",
        1,
        group((by, path) => by.puts(`${path}/announcement`, { announcement: `news ${this.#next()}` })),
      ],
      ["group remark", 2, group((by, path) => by.puts(`${path}/remark`, { remark: `mine ${this.#next()}` }))],
      ["group nickname", 2, group((by, path) => by.puts(`${path}/nickname`, { nickname: `nick ${this.#next()}` }))],
      ["mute all", 2, group((by, path) => by.puts(`${path}/mute`, { muted: this.random.below(4) === 0 }))],
      [
        "mute one",
        2,
        group((by, path, { userId }) => by.puts(`${path}/members/${userId}/mute`, { muted: this.#flag() })),
      ],
      ["role", 3, group((by, path, { userId }) => by.puts(`${path}/members/${userId}/role`, { role: this.#role() }))],
      ["transfer", 2, group((by, path, { userId }) => by.posts(`${path}/transfer`, { newOwnerId: userId }))],
      ["invite", 5, group((by, path, { userId }) => by.posts(`${path}/members`, { memberIds: [userId] }))],
      ["join", 3, group((by, path) => by.posts(`${path}/join`, { message: "let me in" }))],
      ["exit", 2, group((by, path) => by.posts(`${path}/exit`))],
      ["remove member", 2, group((by, path, { userId }) => by.deletes(`${path}/members/${userId}`))],
      ["dissolve", 1, group((by, path) => (this.#flag() ? by.deletes(path) : Promise.resolve(undefined)))],
      ["answer invitation", 6, () => this.#answersInvitation()],
      ["answer join request", 4, () => this.#answersJoinRequest()],
    ] as const;
  }

  #friendActions() {
    const friend = (run: (by: Person, userId: string) => Promise<Answer>) => () => {
      const [by, other] = this.#shuffled();
      return run(by!, other!.userId);
    };
    return [
      [
        "ask friend",
        4,
        friend((by, userId) => by.posts("/friends/requests", { userId, message: "hi", source: "search" })),
      ],
      ["answer friend", 4, () => this.#answersFriend()],
      ["end friendship", 1, friend((by, userId) => by.deletes(`/friends/${userId}`))],
      ["remark", 2, friend((by, userId) => by.puts(`/friends/${userId}/remark`, { remark: `my ${this.#next()}` }))],
      ["star", 2, friend((by, userId) => by.puts(`/friends/${userId}/star`, { starred: this.#flag() }))],
      ["add friend group", 2, () => this.#one().posts("/friends/groups", { name: `circle ${this.#next()}` })],
      ["place friend", 2, friend((by, userId) => this.#placesFriend(by, userId))],
      ["change friend group", 2, () => this.#changesFriendGroup()],
      ["block", 2, friend((by, userId) => by.posts("/friends/blacklist", { userId }))],
      ["unblock", 5, friend((by, userId) => by.deletes(`/friends/blacklist/${userId}`))],
    ] as const;
  }

  async #sends(): Promise<Answer> {
    const { by, sessionId } = this.#place();
    const { random } = this;
    const answered = this.#sent.filter((each) => each.sessionId === sessionId).at(-1 - random.below(3));
    const body = {
      ...{ sessionId, clientMsgId: `c${this.#next()}`, contentType: "text", content: `text ${this.#next()}` },
      ...(answered && random.below(4) === 0 && { replyTo: answered.messageId }),
      ...(random.below(8) === 0 && { expireAt: Date.now() + 100 + random.below(400) }),
      ...(sessionId.startsWith("g_") && random.below(5) === 0 && { mentions: [this.#one().userId] }),
    };
    const answer = await by.posts<Omit<Sent, "by">>("/messages", body);
    if (answer.code === 0) this.#sent.push({ ...answer.data, by });
    if (this.#sent.length > maxRecent) this.#sent.shift();
    return answer;
  }

  #forwards({ messageId }: Sent, by: Person): Promise<Answer> {
    const targets = [{ sessionId: this.#place(by).sessionId }];
    const clientMsgId = `f${this.#next()}`;
    return by.posts("/messages/forward", { messageIds: [messageId], targets, merge: this.#flag(), clientMsgId });
  }

  async #answersInvitation(): Promise<Answer | undefined> {
    for (const by of this.#shuffled()) {
      const { invitations } = (await by.gets<{ invitations: Row[] }>("/groups/invitations?status=pending")).data;
      const one = invitations.length > 0 ? this.random.pick(invitations) : undefined;
      if (one) return by.puts(`/groups/invitations/${one.invitationId}`, { accept: this.random.below(3) > 0 });
    }
    return undefined;
  }

  async #answersJoinRequest(): Promise<Answer | undefined> {
    const by = this.#one();
    const { requests } = (await by.gets<{ requests: Row[] }>("/groups/requests?type=received")).data;
    const pending = requests.filter(({ status }) => status === "pending");
    const one = pending.length > 0 ? this.random.pick(pending) : undefined;
    return one && by.puts(`/groups/${one.groupId}/requests/${one.requestId}`, { accept: this.random.below(3) > 0 });
  }

  async #answersFriend(): Promise<Answer | undefined> {
    const by = this.#one();
    const { requests } = (await by.gets<{ requests: Row[] }>("/friends/requests?type=received&status=pending")).data;
    const one = requests.length > 0 ? this.random.pick(requests) : undefined;
    const action = this.random.below(4) > 0 ? "accept" : "reject";
    return one && by.puts(`/friends/requests/${one.requestId}`, { action });
  }

  async #placesFriend(by: Person, userId: string): Promise<Answer> {
    const groupIds = (await this.#friendGroups(by)).filter(() => this.#flag());
    return by.puts(`/friends/${userId}/groups`, { groupIds });
  }

  async #changesFriendGroup(): Promise<Answer | undefined> {
    const by = this.#one();
    const groupIds = await this.#friendGroups(by);
    if (groupIds.length === 0) return undefined;
    const path = `/friends/groups/${this.random.pick(groupIds)}`;
    return this.#flag() ? by.puts(path, { name: `circle ${this.#next()}` }) : by.deletes(path);
  }

  async #friendGroups(by: Person): Promise<string[]> {
    return (await by.gets<{ groups: { groupId: string }[] }>("/friends/groups")).data.groups.map(
      ({ groupId }) => groupId,
    );
  }

  #settings(): Row {
    const name = this.random.pick(["groupInviteConsent", "groupInviteConsent", "friendVerifyRequired", "soundEnabled"]);
    return { [name]: this.#flag() };
  }

  #reactionPath(messageId: string): string {
    return `/messages/${messageId}/reactions/${encodeURIComponent(this.random.pick(emojis))}`;
  }

  /** On twice as often as off. */
  #turns(by: Person, path: string): Promise<Answer> {
    return this.random.below(3) > 0 ? by.puts(path) : by.deletes(path);
  }

  #place(by = this.#one()): { by: Person; sessionId: string } {
    const others = this.people.filter((each) => each !== by);
    if (this.#groups.length === 0 || this.#flag()) return { by, sessionId: by.chatWith(this.random.pick(others)) };
    return { by, sessionId: `g_${this.random.pick(this.#groups.slice(-maxGroups)).groupId}` };
  }

  #one(): Person {
    return this.random.pick(this.people);
  }

  #shuffled(): Person[] {
    const from = [...this.people];
    return this.people.map(() => from.splice(this.random.below(from.length), 1)[0]!);
  }

  #role(): string {
    return this.random.pick(["admin", "member"]);
  }

  #flag(): boolean {
    return this.random.below(2) === 0;
  }

  #next(): number {
    this.#count += 1;
    return this.#count;
  }
}
