// Defines the tests of a port's suite: each test gets a fresh implementation, which is closed also when the test fails.
import type { ExecutionContext } from "ava";

export interface UnderTest {
  close(): Promise<void>;
}
/** `test` or `test.serial`. */
export type TestFunction = (title: string, run: (t: ExecutionContext) => Promise<void>) => void;
export type SuiteTest<T extends UnderTest> = (
  title: string,
  run: (t: ExecutionContext, made: T) => Promise<void>,
) => void;

export function createSuite<T extends UnderTest>(
  test: TestFunction,
  name: string,
  make: () => Promise<T>,
): SuiteTest<T> {
  return (title, run) =>
    test(`${name}: ${title}`, async (t) => {
      const made = await make();
      try {
        await run(t, made);
      } finally {
        await made.close();
      }
    });
}
