// The fences between the rooms and the habits of the house, read from the files themselves.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "ava";
import { deadReferences, undefinedLabels } from "./support/documents.ts";
import {
  circlesOf,
  sourceFiles as files,
  folderGraph,
  importGraph,
  type Room,
  rooms,
  root,
  type SourceFile,
  unusedExports,
} from "./support/source-files.ts";

const maxLines = 300;
// A test file costs 0.2 s to start, so there are few, and they are longer.
const maxTestLines = 600;

// infra ──► gateway ──► actors ◄── workflows ◄── infra; test may import everything.
const mayImport: Record<Room, { rooms: readonly Room[]; packages: RegExp }> = {
  actors: { rooms: ["actors"], packages: /^$/ },
  gateway: { rooms: ["gateway", "actors"], packages: /^(node:.*|koa|koa-router|ws|fastest-validator|busboy)$/ },
  workflows: { rooms: ["workflows", "actors"], packages: /^@temporalio\/.*$/ },
  infra: { rooms: ["infra", "gateway", "actors", "workflows"], packages: /^/ },
  test: { rooms, packages: /^/ },
};

/** These run in browsers: calls of the chat go over LiveKit, whose client is loaded when the first call begins. */
const kit = "gateway/browser/kit/";
const browserApps = [
  { folder: "gateway/admin/app/", mayUse: ["gateway/admin/app/", kit], packages: /^preact(\/hooks)?$/ },
  {
    folder: "gateway/web/app/",
    mayUse: ["gateway/web/app/", kit, "gateway/client/"],
    packages: /^(preact(\/hooks)?|livekit-client)$/,
  },
  { folder: kit, mayUse: [kit], packages: /^preact(\/hooks)?$/ },
];

test("each room imports only what it may", (t) => {
  const breaches = files.flatMap(({ path, room, imports }) =>
    imports.filter((specifier) => !isAllowed(room, path, specifier)).map((specifier) => `${path} imports ${specifier}`),
  );
  t.deepEqual(breaches, []);
  t.true(files.length > 50, "the files were found");
});

test("the layers of the socket gateway import only downwards", (t) => {
  const layers = ["wire", "socket", "delivery", "user", "intake", "frames"];
  const levelOf = (path: string) => {
    const [, folder] = /^gateway\/ws\/(?:([^/]+)\/)?[^/]+$/.exec(path) ?? [];
    return folder === undefined ? layers.length : layers.indexOf(folder);
  };
  const upward = [...importGraph(files.filter(({ path }) => path.startsWith("gateway/ws/")))].flatMap(
    ([path, targets]) =>
      [...targets].filter((target) => levelOf(target) > levelOf(path)).map((target) => `${path} imports ${target}`),
  );
  t.deepEqual(upward, []);
});

test("no import circle, types included: neither between files nor between folders", (t) => {
  const graph = importGraph(files.filter(({ room }) => room !== "test"));
  t.deepEqual(circlesOf(graph), []);
  t.deepEqual(circlesOf(folderGraph(graph)), []);
});

test("what a file exports, another one imports", (t) => {
  // Scripts use the workflows' client, and programs of users the client of the gateway.
  const isForOthers = (line: string) => /^(workflows|gateway\/client)\//.test(line);
  t.deepEqual(
    unusedExports(files).filter((line) => !isForOthers(line)),
    [],
  );
});

test("every file with routes is in gateway/rest/routes.ts, and so is served and documented", (t) => {
  const listed = importGraph(files).get("gateway/rest/routes.ts");
  const withRoutes = paths(
    ({ path, code }) => path.startsWith("gateway/rest/") && /(?<!function )\broute\(\{/.test(code),
  );
  t.true(withRoutes.length > 10, "the routes were found");
  t.deepEqual(
    withRoutes.filter((path) => !listed?.has(path)),
    [],
  );
});

test("every workflow is bundled, its activities are run, and its client is reached", (t) => {
  const graph = importGraph(files);
  const parts = { "workflow.ts": "index.ts", "activities.ts": "activities.ts", "client.ts": "client.ts" };
  const forgotten = Object.entries(parts).flatMap(([part, list]) =>
    paths(({ path }) => path.startsWith("workflows/") && path.endsWith(`/${part}`))
      .filter((path) => path.split("/").length === 3 && !graph.get(`workflows/${list}`)?.has(path))
      .map((path) => `${path} is not in workflows/${list}`),
  );
  t.deepEqual(forgotten, []);
});

test("a comment carries no label but those of actors/GUARANTEES.md, and a named rule has one definition", (t) => {
  const guarantees = readFileSync(join(root, "actors/GUARANTEES.md"), "utf8");
  const defined = [...guarantees.matchAll(/\*\*([GJ]\d{1,2}(?:\.\d)?)\b/g)].map(([, label]) => label);
  t.deepEqual(defined.length, new Set(defined).size);
  const words = ["R3", "S3", "V8", "H2", "C0", "C1", "C2"]; // replicas, the object store, engines, control characters
  const unknown = files.flatMap(({ path, text }) =>
    [...text.matchAll(/(?:^|\s)(?:\/\/|\/?\*\*?) (.*)$/gm)].flatMap(([, comment = ""]) =>
      [...comment.matchAll(/(?<![\w/.-])([A-Z]\d{1,2}(?:\.\d)?)(?![\w/-])/g)]
        .filter(([, label = ""]) => !defined.includes(label) && !words.includes(label))
        .map(([, label]) => `${path}: ${label}`),
    ),
  );
  t.deepEqual(unknown, []);
  const rules = files.flatMap(({ text }) => [...text.matchAll(/^\/\/ ([a-z][a-z-]*\/[a-z][a-z-]*): /gm)]);
  const names = rules.map(([, name]) => name);
  t.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
    "a rule has one definition",
  );
});

test("only the configuration and the launcher read the environment", (t) => {
  const mayRead = ["infra/config/env.ts", "infra/launch/launch.mjs", "infra/launch/install.mjs"];
  t.deepEqual(
    paths(({ path, room, code }) => room !== "test" && !mayRead.includes(path) && /process\s*\.\s*env\b/.test(code)),
    [],
  );
});

test("actors get time, chance and the world by port", (t) => {
  const world =
    /\b(Date\.now|new Date\(\)|Math\.random|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|process\.|console\.|fetch\(|crypto\.)/;
  t.deepEqual(
    paths(({ room, code }) => room === "actors" && world.test(code)),
    [],
  );
});

test("rules of the runtime are replaced by the simulation only", (t) => {
  t.deepEqual(
    paths(({ room, text }) => room !== "test" && /\bweakness(es)?\b/i.test(text)),
    [],
  );
  const users = paths(
    ({ path, text }) => !path.startsWith("actors/runtime/") && /runtime\/host\/rules\.ts"/.test(text),
  );
  t.deepEqual(users, ["test/simulation/weaknesses.ts"]);
});

test("file names are kebab-case, and files are short enough to read", (t) => {
  t.deepEqual(
    paths(
      ({ path }) => !path.split("/").every((part) => /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?(\.tsx?|\.mjs)?$/.test(part)),
    ),
    [],
  );
  const long = files
    .map(({ path, room, text }) => ({ path, room, lines: text.trimEnd().split("\n").length }))
    .filter(({ room, lines }) => lines > (room === "test" ? maxTestLines : maxLines));
  t.deepEqual(long, []);
});

test("a test file that can reach a server names it in needs(…), and there is no other way to one", (t) => {
  const graph = importGraph(files);
  const reaches = (path: string, target: string, seen = new Set<string>()): boolean =>
    path === target ||
    [...(graph.get(path) ?? [])].some((next) => !seen.has(next) && reaches(next, target, seen.add(next)));
  t.deepEqual(
    paths(
      ({ path, text }) =>
        path.endsWith(".test.ts") && reaches(path, "test/support/stack.ts") && !/= needs(<[^>]*>)?\("/.test(text),
    ),
    ["test/infra/stack.test.ts"], // it starts a small program of its own in a server's place
  );
  const makers = /\b(obtain|plan)(Nats|Redis|Cassandra|Temporal|LiveKit|S3)\b/;
  t.deepEqual(
    paths(({ room, code }) => room === "test" && makers.test(code)),
    ["test/support/stack.ts", "test/support/test-servers.ts"],
  );
});

test("nothing is left unfinished or switched off", (t) => {
  const unfinished = new RegExp(
    `(//|\\*).*\\b(${["TO", "FIX"].map((word, n) => word + ["DO", "ME"][n]).join("|")})\\b`,
  );
  t.deepEqual(
    paths(({ text }) => unfinished.test(text)),
    [],
  );
  t.deepEqual(
    paths(({ path, code }) => path.endsWith(".test.ts") && /\btest(\.serial)?\.(only|skip|failing|todo)\b/.test(code)),
    [],
  );
});

test("the top level holds the rooms, their papers, and dotfiles", (t) => {
  const allowed = [
    ...rooms,
    "README.md",
    "LICENSE",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "docker-compose.yml",
    ".biome.jsonc",
    ".ci",
    ".env.example",
    ".git",
    ".gitignore",
    ".npmrc",
    ".nvmrc",
  ];
  const ignored = readFileSync(join(root, ".gitignore"), "utf8").split("\n").filter(Boolean);
  const surplus = readdirSync(root).filter(
    (name) =>
      !allowed.includes(name) &&
      !ignored.some((pattern) =>
        pattern.startsWith("*") ? name.endsWith(pattern.slice(1)) : pattern.replace("/", "") === name,
      ),
  );
  t.deepEqual(surplus, []);
  for (const room of rooms) t.true(existsSync(join(root, room, "README.md")), `${room} has a README`);
});

test("every file, folder, link and script that a document or a comment names is there", (t) => {
  t.deepEqual(deadReferences(), []);
});

test("every label of a guarantee is defined in actors/GUARANTEES.md", (t) => {
  t.deepEqual(undefinedLabels(), []);
});

test("the lock file names every platform's packages, so that npm ci accepts it everywhere", (t) => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const known = Object.keys(packages);
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !known.some((each) => each.endsWith(`node_modules/${name}`)))
      .map((name) => `${path} wants ${name}`),
  );
  t.deepEqual(missing, []);
});

test("the lock file holds the dependencies of package.json", (t) => {
  const read = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
  const { dependencies, devDependencies } = read("package.json");
  const { "": locked } = read("package-lock.json").packages;
  t.deepEqual(locked.dependencies, dependencies);
  t.deepEqual(locked.devDependencies, devDependencies);
});

test("dependencies are pinned to exact versions", (t) => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
    string,
    Record<string, string>
  >;
  const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^(npm:@?[\w/.-]+@)?\d+\.\d+\.\d+$/.test(version),
  );
  t.deepEqual(loose, []);
});

function isInside(folder: string, path: string, specifier: string): boolean {
  return specifier.startsWith(".") && join(dirname(path), specifier).replaceAll("\\", "/").startsWith(folder);
}

function paths(isBreach: (file: SourceFile) => boolean): string[] {
  return files.filter(isBreach).map(({ path }) => path);
}

function isAllowed(room: Room, path: string, specifier: string): boolean {
  const allowed = mayImport[room];
  const app = browserApps.find(({ folder }) => path.startsWith(folder));
  if (app) return app.packages.test(specifier) || app.mayUse.some((folder) => isInside(folder, path, specifier));
  if (!specifier.startsWith(".")) return allowed.packages.test(specifier);
  const target = join(dirname(path), specifier).replaceAll("\\", "/").split("/")[0];
  // Only the benchmark and the docs read package.json, which is nobody's room.
  return (
    (allowed.rooms as readonly string[]).includes(target ?? "") || (target === "package.json" && room !== "actors")
  );
}
