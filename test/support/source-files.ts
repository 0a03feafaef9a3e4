// The repository's own source, read as text: what the architecture tests hold their rules against.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const rooms = ["actors", "gateway", "workflows", "infra", "test"] as const;
export type Room = (typeof rooms)[number];

export interface SourceFile {
  /** From the root, with slashes. */
  path: string;
  room: Room;
  text: string;
  /** Without comments and the contents of strings. */
  code: string;
  /** Specifiers of import, export … from, and import(…), types included. */
  imports: string[];
}

export const sourceFiles: readonly SourceFile[] = rooms.flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(tsx?|mjs)$/.test(entry.name))
    .map((entry) => {
      const path = relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/");
      const text = readFileSync(join(root, path), "utf8");
      return { path, room, text, code: withoutComments(text), imports: importsOf(text) };
    }),
);

/** The files that each file imports, by path from the root. */
export function importGraph(files: readonly SourceFile[]): Map<string, Set<string>> {
  const known = new Set(files.map(({ path }) => path));
  return new Map(
    files.map(({ path, imports }) => [
      path,
      new Set(
        imports
          .filter((specifier) => specifier.startsWith("."))
          .map((specifier) => join(dirname(path), specifier).replaceAll("\\", "/"))
          .filter((target) => known.has(target) && target !== path),
      ),
    ]),
  );
}

/** The same graph between folders; imports inside one folder are left out. */
export function folderGraph(graph: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  for (const [path, targets] of graph) {
    const from = dirname(path);
    const of = folders.get(from) ?? new Set();
    folders.set(from, of);
    for (const target of targets) if (dirname(target) !== from) of.add(dirname(target));
  }
  return folders;
}

/** Groups of nodes that reach each other (Tarjan, 1972), each sorted; single nodes are no circle. */
export function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    low.set(node, order.get(node) ?? 0);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
      } else if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, order.get(next) ?? 0));
    }
    if (low.get(node) !== order.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles.sort((a, b) => b.length - a.length);
}

/** What a file exports by a declaration, and no other file imports. `export … from` and `import(…)` count as imports of all. */
export function unusedExports(files: readonly SourceFile[]): string[] {
  const used = new Map<string, Set<string>>();
  const usedOf = (path: string, specifier: string): Set<string> => {
    const target = join(dirname(path), specifier).replaceAll("\\", "/");
    const names = used.get(target) ?? new Set();
    used.set(target, names);
    return names;
  };
  for (const { path, text } of files) {
    const statements = text.matchAll(/^(?:import|export)\s+(?:type\s+)?([^;"']*?)\s*from\s*"(\.[^"]+)"/gm);
    for (const [, what = "", specifier = ""] of statements) {
      const names = usedOf(path, specifier);
      const list = /\{([\s\S]*)\}/.exec(what)?.[1];
      if (list === undefined) names.add("*");
      for (const name of list?.split(",") ?? []) {
        names.add(
          name
            .trim()
            .replace(/^type /, "")
            .split(" as ")[0]
            ?.trim() ?? "",
        );
      }
    }
    for (const [, specifier = ""] of text.matchAll(/import\(\s*"(\.[^"]+)"/g)) usedOf(path, specifier).add("*");
  }
  const declaration = /^export (?:async )?(?:const|function\*?|class|abstract class|interface|type|enum) (\w+)/gm;
  return files.flatMap(({ path, text }) => {
    const names = used.get(path);
    if (names?.has("*")) return [];
    return [...text.matchAll(declaration)]
      .map(([, name = ""]) => name)
      .filter((name) => !names?.has(name))
      .map((name) => `${path} exports ${name}`);
  });
}

function importsOf(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^;"'`]*?\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm,
  );
  return [...statements].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");
}

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|[^:"'`\\/])\/\/.*$/gm, "$1")
    .replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
}
