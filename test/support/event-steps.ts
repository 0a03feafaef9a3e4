// What happens among four users, step by step, and the notification that each step is to cause. The steps are the same for every
// way of listening: devices on one node, and a subscriber of the message bus beside a cluster.
import type { ExecutionContext } from "ava";
import { eventually, staysTrue } from "../suites/eventually.ts";
import { FileClient } from "./file-client.ts";
import { callApi, Person } from "./person.ts";

export const eventNames = ["ana", "bo", "cy", "eve"] as const;
type EventName = (typeof eventNames)[number];
type Place = { readonly port: number };
type Payload = Readonly<Record<string, unknown>>;

interface EventStep {
  readonly event: string;
  /** Whose devices get the event, in the order of `eventNames`. */
  readonly devices: readonly EventName[];
  /**
   * Under whose subjects the event is published, where these are not the users of `devices`: a gateway leaves out the device
   * that caused an event, and makes some events by itself.
   */
  readonly subjects?: readonly EventName[];
  /** Which of the event's notifications the step is about, where an earlier step may still cause one. */
  readonly fits?: (payload: Payload) => boolean;
  readonly act: () => Promise<unknown>;
}

/** The variables of a node on which every step has its event within seconds. */
export const eventStepsEnv = { TRUSTED_PROXIES: "1", TEMP_FILE_MS: "3000", FILE_EXPIRING_NOTICE_MS: "2000" };

/** Each user has one device, connected. ana and bo are friends. */
export class EventCast {
  readonly places: Readonly<Record<EventName, Place>>;
  readonly people: Readonly<Record<EventName, Person>>;

  private constructor(places: EventCast["places"], people: EventCast["people"]) {
    this.places = places;
    this.people = people;
  }
  static async starts(places: EventCast["places"]): Promise<EventCast> {
    const made = await Promise.all(eventNames.map(async (name) => [name, await Person.registers(places[name], name)]));
    const people = Object.fromEntries(made) as EventCast["people"];
    await Promise.all(eventNames.map((name) => people[name].connects()));
    await people.ana.befriends(people.bo);
    return new EventCast(places, people);
  }

  steps(): EventStep[] {
    return [
      ...this.#accountSteps(),
      ...this.#friendSteps(),
      ...this.#groupAndMessageSteps(),
      ...this.#sessionSteps(),
      ...this.#fileSteps(),
      ...this.#lastSteps(),
    ];
  }

  #accountSteps(): EventStep[] {
    const { ana, eve } = this.people;
    return [
      { event: "user.profile_updated", devices: ["ana"], act: () => ana.puts("/users/me", { signature: "out" }) },
      { event: "user.friend_profile_changed", devices: ["bo"], act: () => ana.puts("/users/me", { nickname: "Anna" }) },
      {
        event: "user.settings_updated",
        devices: ["ana"],
        act: () => ana.puts("/users/me/settings", { language: "en" }),
      },
      { event: "sync.completed", devices: ["eve"], act: () => eve.device.asks("SYNC", { cursor: 0 }) },
      {
        event: "auth.unusual_login",
        devices: ["eve"],
        act: () => this.#logsInFrom("203.0.113.9", "eve", { deviceType: "Web", deviceId: "elsewhere" }),
      },
      {
        event: "auth.password_changed",
        devices: ["eve"],
        act: () => eve.posts("/auth/password/change", { oldPassword: eve.password, newPassword: "NewPassw0rd" }),
      },
    ];
  }

  #friendSteps(): EventStep[] {
    const { ana, bo, cy } = this.people;
    let requestId = "";
    return [
      {
        event: "friend.request",
        devices: ["ana"],
        act: async () => {
          const asked = await cy.posts("/friends/requests", { userId: ana.userId, message: "hi" });
          requestId = String(asked.data.requestId);
          return asked;
        },
      },
      {
        event: "friend.request_handled",
        devices: ["ana", "cy"],
        act: () => ana.puts(`/friends/requests/${requestId}`, { action: "accept" }),
      },
      {
        event: "friend.remark_updated",
        devices: ["ana"],
        act: () => ana.puts(`/friends/${cy.userId}/remark`, { remark: "Cyd" }),
      },
      {
        event: "sync.request",
        devices: ["ana"],
        act: () => ana.puts(`/friends/${bo.userId}/star`, { starred: true }),
      },
      {
        event: "friend.blacklist_changed",
        devices: ["ana"],
        act: () => ana.posts("/friends/blacklist", { userId: cy.userId }),
      },
      { event: "friend.deleted", devices: ["ana", "cy"], act: () => ana.deletes(`/friends/${cy.userId}`) },
    ];
  }

  #groupAndMessageSteps(): EventStep[] {
    const { ana, bo, cy } = this.people;
    const all = ["ana", "bo", "cy"] as const;
    let groupId = "";
    let messageId = "";
    const path = () => `/groups/${groupId}`;
    const sends = async (more: object = {}) => {
      const sent = await this.#sends(`g_${groupId}`, more);
      messageId = String(sent.data.messageId);
      return sent;
    };
    return [
      {
        event: "group.invited",
        devices: ["bo"],
        act: async () => {
          const made = await ana.posts("/groups", { name: "walkers", memberIds: [bo.userId], joinVerify: false });
          groupId = String(made.data.groupId);
          return made;
        },
      },
      { event: "group.member_joined", devices: all, act: () => cy.posts(`${path()}/join`) },
      { event: "group.info_updated", devices: all, act: () => ana.puts(path(), { name: "runners" }) },
      { event: "group.role_changed", devices: all, act: () => ana.posts(`${path()}/admins`, { userId: bo.userId }) },
      { event: "message.new", devices: ["bo", "cy"], subjects: all, act: () => sends() },
      { event: "message.mentioned", devices: ["cy"], act: () => sends({ mentions: [cy.userId] }) },
      { event: "message.recalled", devices: all, act: () => ana.device.asks("MESSAGE_RECALL", { messageId }) },
      { event: "group.muted", devices: all, act: () => ana.puts(`${path()}/mute`, { duration: 60 }) },
      {
        event: "group.muted",
        devices: all,
        act: () => bo.puts(`${path()}/members/${cy.userId}/mute`, { duration: 60 }),
      },
      { event: "group.member_left", devices: ["ana", "bo"], subjects: all, act: () => cy.posts(`${path()}/exit`) },
      { event: "group.disbanded", devices: ["ana", "bo"], act: () => ana.deletes(path()) },
    ];
  }

  #sessionSteps(): EventStep[] {
    const { ana, bo } = this.people;
    const sessionId = ana.chatWith(bo);
    const fits = (payload: Payload) => payload.sessionId === sessionId;
    const reads = async (seq: number) => bo.device.sends({ type: "MESSAGE_READ", data: { sessionId, seq } });
    return [
      {
        event: "message.typing",
        devices: ["bo"],
        act: async () => ana.device.sends({ type: "TYPING", data: { sessionId } }),
      },
      // The gateway counts what a new message makes unread.
      { event: "session.unread_updated", devices: ["bo"], subjects: [], fits, act: () => this.#sends(sessionId) },
      { event: "message.new", devices: ["bo"], subjects: ["ana", "bo"], fits, act: () => this.#sends(sessionId) },
      { event: "message.read_receipt", devices: ["ana", "bo"], act: () => reads(1) },
      {
        event: "session.unread_updated",
        devices: ["bo"],
        fits: (payload) => fits(payload) && payload.readSeq === 2,
        act: () => reads(2),
      },
      {
        event: "session.pin_updated",
        devices: ["bo"],
        act: () => bo.puts(`/sessions/${sessionId}/pin`, { isPinned: true }),
      },
      {
        event: "session.mute_updated",
        devices: ["bo"],
        act: () => bo.puts(`/sessions/${sessionId}/mute`, { isMuted: true }),
      },
      { event: "session.deleted", devices: ["bo"], act: () => bo.deletes(`/sessions/${sessionId}`) },
    ];
  }

  #fileSteps(): EventStep[] {
    const files = new FileClient(this.places.ana, this.people.ana);
    const upload = (type: string) => files.uploads({ bytes: Buffer.from(`notes of type ${type}`), type });
    return [
      { event: "file.processing", devices: ["ana"], act: () => upload("chat_file") },
      { event: "file.upload_completed", devices: ["ana"], act: () => upload("chat_file") },
      { event: "file.expiring", devices: ["ana"], act: () => upload("temp") },
    ];
  }

  /** After these steps ana and bo have devices less. */
  #lastSteps(): EventStep[] {
    const { ana, bo } = this.people;
    return [
      // Presence goes from gateway to gateway beside the message bus.
      { event: "user.status_changed", devices: ["ana"], subjects: [], act: async () => bo.device.disconnects() },
      {
        event: "auth.force_logout",
        devices: ["ana"],
        act: () =>
          ana.posts("/auth/login", {
            account: ana.email,
            password: ana.password,
            deviceType: "PC",
            deviceId: "new-desk",
          }),
      },
    ];
  }

  #sends(sessionId: string, more: object = {}) {
    const message = { sessionId, contentType: "text", content: "hello", ...more };
    return this.people.ana.device.asks("SEND_MESSAGE", message);
  }

  #logsInFrom(address: string, name: EventName, device: object) {
    const { email: account, password } = this.people[name];
    const headers = { "x-forwarded-for": address };
    return callApi(this.places[name].port, "POST", "/auth/login", { body: { account, password, ...device }, headers });
  }
}

interface Hearing {
  /** How many fitting notifications of the event came to the user so far. */
  readonly countOf: (name: EventName, event: string, fits: (payload: Payload) => boolean) => number;
  /** To whom the event of the step is to come, in the order of `eventNames`. */
  readonly expects: (step: EventStep) => readonly EventName[];
  /** How long the test waits for notifications that nobody is to get. */
  readonly quietMs: number;
}

/** Runs the steps one after another: the event of each comes to the users who are to get it, and to no other. */
export async function runEventSteps(
  t: ExecutionContext,
  steps: readonly EventStep[],
  { countOf, expects, quietMs }: Hearing,
): Promise<void> {
  for (const step of steps) {
    const { event, fits = () => true } = step;
    const expected = expects(step);
    const counts = () => eventNames.map((name) => countOf(name, event, fits));
    const before = counts();
    const got = () => {
      const now = counts();
      return eventNames.filter((_, i) => now[i]! > before[i]!);
    };
    const answer = (await step.act()) as { code?: number } | undefined;
    if (answer?.code) throw new Error(`${event}: the act was refused: ${JSON.stringify(answer)}`);
    await eventually(() => expected.every((name) => got().includes(name))).catch(() => {});
    await staysTrue(() => got().length <= expected.length, quietMs).catch(() => {});
    t.deepEqual(got(), [...expected], event);
  }
}
