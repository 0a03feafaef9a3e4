// Hashes passwords with argon2id, in PHC form: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
// Each hash contains its cost, so that old hashes verify after the configured cost has changed. At most `maxRunning` hashes are
// computed at once, because each needs its memory and a thread; at most `maxWaiting` wait.
//
// password/unknown-user: a login of an unknown user takes as long as one of a known user, so that the time reveals no accounts.
import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { DomainError } from "../../actors/shared/errors.ts";
import { Gate } from "../../actors/shared/gate.ts";
import type { PasswordHasher } from "../../gateway/ports.ts";

const passwordCosts = {
  /** OWASP's first choice: 19 MiB, 2 passes. */
  normal: { memoryKib: 19_456, passes: 2, lanes: 1 },
  /** For tests and benchmarks only: production refuses it. */
  low: { memoryKib: 64, passes: 1, lanes: 1 },
} as const satisfies Record<string, Cost>;
export type PasswordCost = keyof typeof passwordCosts;

interface Cost {
  memoryKib: number;
  passes: number;
  lanes: number;
}

const maxRunning = 2; // of the thread pool's four threads: the others are left for files and DNS
const maxWaiting = 256; // more get common.unavailable
const saltBytes = 16;
const hashBytes = 32;
// A stored hash with a higher cost is not computed.
const maxCost: Cost = { memoryKib: 1_048_576, passes: 16, lanes: 8 };

export function createPasswordHasher(cost: PasswordCost): PasswordHasher {
  const limited = createLimiter();
  const unknownUser = { cost: passwordCosts[cost], salt: randomBytes(saltBytes), hash: randomBytes(hashBytes) };

  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      const hash = await limited(() => derive(password, salt, passwordCosts[cost], hashBytes));
      return encodeHash({ cost: passwordCosts[cost], salt, hash });
    },
    async verify(password, stored) {
      const expected = stored === undefined ? unknownUser : parseHash(stored); // password/unknown-user
      const actual = await limited(() => derive(password, expected.salt, expected.cost, expected.hash.length));
      return timingSafeEqual(actual, expected.hash) && stored !== undefined;
    },
  };
}

interface StoredHash {
  cost: Cost;
  salt: Buffer;
  hash: Buffer;
}

function derive(password: string, salt: Buffer, cost: Cost, bytes: number): Promise<Buffer> {
  const parameters = {
    // Another system may encode the same typed password in another Unicode form.
    message: password.normalize("NFKC"),
    nonce: salt,
    parallelism: cost.lanes,
    tagLength: bytes,
    memory: cost.memoryKib,
    passes: cost.passes,
  };
  return new Promise((resolve, reject) => {
    argon2("argon2id", parameters, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function encodeHash({ cost, salt, hash }: StoredHash): string {
  const part = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
  return `$argon2id$v=19$m=${cost.memoryKib},t=${cost.passes},p=${cost.lanes}$${part(salt)}$${part(hash)}`;
}

const phc = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parseHash(text: string): StoredHash {
  const match = phc.exec(text);
  if (!match) throw new Error("a stored password hash is not argon2id in PHC form");
  const [, memory, passes, lanes, salt = "", hash = ""] = match;
  const cost = { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  if (cost.memoryKib > maxCost.memoryKib || cost.passes > maxCost.passes || cost.lanes > maxCost.lanes) {
    throw new Error("a stored password hash has a higher cost than this host computes");
  }
  return { cost, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

/** Runs `maxRunning` hashes at once. When `maxWaiting` others wait, the next one is refused with common.unavailable. */
function createLimiter(): <T>(work: () => Promise<T>) => Promise<T> {
  const gate = new Gate(maxRunning);
  let open = 0;
  return async (work) => {
    if (open >= maxRunning + maxWaiting) throw new DomainError("common.unavailable");
    open += 1;
    try {
      return await gate.run(work);
    } finally {
      open -= 1;
    }
  };
}
