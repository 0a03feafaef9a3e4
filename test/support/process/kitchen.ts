// A kind of process for the stories of processes, and the kitchen in which its steps are done. The kitchen belongs to the test:
// it outlives every host and worker, keeps what was done and how often it was asked, and holds or fails a step on demand.
import type { Activities } from "../../../actors/process/activity.ts";
import type { ProcessKind } from "../../../actors/process/contract.ts";

export interface MealInput {
  courses: string[];
  userId?: string;
  conversationId?: string;
  requestId?: string;
}
interface MealState {
  left: string[];
  error?: string;
}

/** Courses one after another; after a failure only the washing-up. */
export const meal: ProcessKind<MealInput, MealState> = {
  name: "upload",
  begin: ({ courses }) => ({ left: [...courses, "wash up"] }),
  decide({ left: [course], error }) {
    if (course === undefined) return { kind: "end", result: { error } };
    const isLast = course === "wash up";
    const step = { activity: "cook", input: { course }, timeoutMs: 60_000, maxTries: isLast ? 100 : 3, retryMinMs: 20 };
    return { kind: "run", step };
  },
  apply({ left: [, ...left], error }, outcome) {
    return outcome.kind === "failed" ? { left: ["wash up"], error: outcome.error } : { left, error };
  },
  describe: ({ userId, conversationId, requestId }) => ({ userId, conversationId, requestId }),
};

export interface Order {
  key: string;
  course: string;
  tries: number;
}
interface Kitchen {
  /** Resolves when the course is done. A course is done once, however often it is ordered. */
  cook(order: Order): Promise<unknown>;
}

/** The steps, at whatever worker. */
export function createMealActivities(kitchen: Kitchen): Activities {
  return {
    cook: ({ course }: { course: string }, { key, tries, signal }) => {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      return Promise.race([kitchen.cook({ key, course, tries }), aborted]);
    },
  };
}

/** What a test does with an order before it is done, or after that and before it is answered. */
type Rule = (order: Order) => Promise<void> | undefined;

export class TestKitchen implements Kitchen {
  readonly orders: Order[] = [];
  /** `key course` → how often it was done. */
  readonly done = new Map<string, number>();
  before: Rule = () => undefined;
  after: Rule = () => undefined;

  async cook(order: Order): Promise<unknown> {
    this.orders.push(order);
    await this.before(order);
    const dish = `${order.key} ${order.course}`;
    if (!this.done.has(dish)) this.done.set(dish, 1);
    await this.after(order);
    return { served: order.course };
  }

  /** The courses of a process in the order in which they were done. */
  coursesOf(key: string): string[] {
    return [...this.done.keys()].filter((dish) => dish.startsWith(`${key} `)).map((dish) => dish.slice(key.length + 1));
  }

  ordersOf(key: string, course: string): Order[] {
    return this.orders.filter((order) => order.key === key && order.course === course);
  }
}

/** A promise that nothing settles: its waiter is killed. */
export const forever = new Promise<never>(() => {});
