// Every endpoint, frame and rule of a seed document has a row in its matrix, and every row a test.
import test from "ava";
import { seeds } from "./support/seeds/endpoints.ts";
import { faultsOf, hasMatrix } from "./support/seeds/matrix.ts";

for (const seed of seeds.filter(hasMatrix)) {
  test(`seed ${seed}: every row of the matrix has a test that is there`, (t) => {
    t.deepEqual(faultsOf(seed), []);
  });
}

test("a seed with a matrix is found", (t) => {
  t.true(seeds.some(hasMatrix));
});
