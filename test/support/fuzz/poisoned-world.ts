// A user with a friend, a group, a message and a circle of friends, whose requests go deep into every route.
import type { Route } from "../../../gateway/rest/kit/route.ts";
import { callApi, type Envelope, Person } from "../person.ts";
import type { TestNode } from "../start-node.ts";

let strangers = 0;

export class PoisonedWorld {
  readonly node: TestNode;
  readonly bo: Person;
  readonly cy: Person;
  ana!: Person;
  groupId = "";
  messageId = "";
  circleId = "";

  #beginning: Promise<void> | undefined;

  private constructor(node: TestNode, bo: Person, cy: Person) {
    this.node = node;
    this.bo = bo;
    this.cy = cy;
  }
  static async starts(node: TestNode): Promise<PoisonedWorld> {
    const [bo, cy] = await Promise.all([Person.registers(node, "bo"), Person.registers(node, "cy")]);
    const world = new PoisonedWorld(node, bo, cy);
    await bo.connects();
    await world.#begins();
    return world;
  }
  async #begins(): Promise<void> {
    this.ana = await Person.registers(this.node, "ana");
    await this.ana.befriends(this.bo);
    const group = await this.ana.createsGroup("Readers", [this.bo]);
    this.groupId = group.slice(2);
    const said = await this.ana.posts("/messages", { sessionId: group, contentType: "text", content: "hello" });
    this.messageId = String(said.data.messageId);
    this.circleId = String((await this.ana.posts("/friends/groups", { name: "Circle" })).data.groupId);
  }

  /** What fields of these names hold in a request that fits. */
  known(path: string): Record<string, unknown> {
    strangers += 1;
    const isNew = path.startsWith("/auth/register");
    return {
      ...{ sessionId: `g_${this.groupId}`, contentType: "text", content: "hello", messageId: this.messageId },
      ...{ messageIds: [this.messageId], targets: [{ sessionId: `g_${this.groupId}` }], calleeId: this.bo.userId },
      ...(/^\/(friends|calls)/.test(path) && { userId: this.cy.userId }),
      ...{ deviceType: "Web", deviceId: "browser", password: "Passw0rd1", verifyCode: "123456" },
      ...(isNew ? { email: `new${strangers}.${process.pid}@example.test` } : { account: this.ana.email }),
      ...{ oldPassword: "Passw0rd2", name: "Name", keyword: "hello" },
    };
  }
  addressOf(path: string): string {
    const first = path.startsWith("/friends/groups") ? "circles" : (path.split("/")[1] ?? "");
    const ids: Record<string, string> = {
      ...{ groups: this.groupId, friends: this.bo.userId, users: this.bo.userId, messages: this.messageId },
      ...{ sessions: `g_${this.groupId}`, conversations: `g_${this.groupId}`, circles: this.circleId },
    };
    return path
      .replace(/:(userId|memberId)/g, this.bo.userId)
      .replace(/:msgId/g, this.messageId)
      .replace(/:id/, ids[first] ?? "4711")
      .replace(/:\w+/g, "4711");
  }
  /** A request may end the login of its caller: the same request is made by a new user then. */
  async asks(route: Pick<Route, "method" | "auth">, address: string, body?: unknown): Promise<Envelope> {
    const { token } = this.ana;
    const answer = await this.#asksAs(token, route, address, body);
    if (answer.status !== 401 || route.auth !== "user") return answer;
    if (this.ana.token === token) {
      this.#beginning ??= this.#begins();
      await this.#beginning;
      this.#beginning = undefined;
    }
    return this.#asksAs(this.ana.token, route, address, body);
  }
  #asksAs(token: string, { method, auth }: Pick<Route, "method" | "auth">, address: string, body: unknown) {
    return callApi(this.node.port, method, address, {
      ...(auth !== "none" && { token }),
      ...(method !== "GET" && { body }),
    });
  }
}
