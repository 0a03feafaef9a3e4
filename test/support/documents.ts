// What the READMEs and the comments name of this repository: paths of files and folders, links, npm scripts.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { rooms, root, sourceFiles } from "./source-files.ts";

interface Document {
  /** From the root, with slashes. */
  path: string;
  text: string;
}

const listed = rooms.flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, withFileTypes: true }).map((entry) => {
    const path = relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/");
    return entry.isDirectory() ? `${path}/` : path;
  }),
);
/** Every file and, with a slash at its end, every folder of the rooms. */
const places = [...rooms.map((room) => `${room}/`), ...listed, ".env.example", "README.md"];

const documents: readonly Document[] = places
  .filter((path) => path.endsWith(".md"))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

/** "document: name" for each name of something that is not there; "file: name" for a comment. */
export function deadReferences(): string[] {
  const inDocuments = documents.flatMap((document) =>
    [...deadLinks(document), ...deadNames(document), ...deadScripts(document)].map(
      (name) => `${document.path}: ${name}`,
    ),
  );
  return [...inDocuments, ...deadPathsInComments()];
}

/** Links to files, and to headings in them, that are not there. */
function deadLinks({ path, text }: Document): string[] {
  const targets = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => {
    const [file = "", heading] = target.split("#", 2);
    const linked = file === "" ? path : join(dirname(path), file).replaceAll("\\", "/");
    if (!places.includes(linked)) return true;
    if (heading === undefined) return false;
    const found = documents.find((each) => each.path === linked);
    return !found?.text.split("\n").some((line) => /^#+ /.test(line) && anchorOf(line) === heading);
  });
}

/**
 * Names in backticks that look like a source file, a document or a folder, and are none. A name stands for a path from the
 * root, or for the end of a path in the document's own folder. `{a,b}` names two; `<name>` and `*` stand for anything.
 */
function deadNames({ path, text }: Document): string[] {
  const names = [...text.matchAll(/`([^`\n]+)`/g)].map(([, name = ""]) => name);
  return names.filter((name) => isPathLike(name) && !expand(name).every((each) => isPlace(each, dirname(path))));
}

/** Paths of source files in comments that are not there. */
function deadPathsInComments(): string[] {
  return sourceFiles.flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter((line) => /^\s*(\/\/|\/?\*)|\s\/\/ /.test(line))
      .flatMap((line) => [...line.matchAll(/(?<![\w./-])((?:[\w-]+\/)*[\w-]+\.(?:ts|mjs|md))\b/g)])
      .filter(([, name = ""]) => !isPlace(name, path.split("/")[0] ?? ""))
      .map(([, name]) => `${path}: ${name}`),
  );
}

/** Scripts that `npm run …` in the text names, and package.json has not. */
function deadScripts({ text }: Document): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = ""]) => name);
  return named.filter((name) => !Object.hasOwn(scripts, name)).map((name) => `npm run ${name}`);
}

/** Labels of guarantees (G1 …, J5.1 …) that are used somewhere and are not defined in actors/GUARANTEES.md. */
export function undefinedLabels(): string[] {
  const guarantees = documents.find(({ path }) => path === "actors/GUARANTEES.md")?.text ?? "";
  const defined = new Set([...guarantees.matchAll(/\*\*([GJ]\d+(?:\.\d+)?)\b[^*]*\*\*/g)].map(([, label]) => label));
  return [...documents, ...sourceFiles].flatMap(({ path, text }) =>
    [...text.matchAll(/\b[GJ]\d{1,2}(?:\.\d+)?\b/g)]
      .filter(([label]) => !defined.has(label))
      .map(([label]) => `${path}: ${label}`),
  );
}

function isPathLike(name: string): boolean {
  return (
    /^[\w.*<>{},/-]+$/.test(name) && /^[^/]/.test(name) && /\w(\.(ts|mjs|md)|\/)$/.test(name.replaceAll(/[>}*]/g, "x"))
  );
}

function expand(name: string): string[] {
  const [, before = "", inside, after = ""] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(name) ?? [];
  return inside === undefined ? [name] : inside.split(",").flatMap((each) => expand(before + each + after));
}

function isPlace(name: string, folder: string): boolean {
  const pattern = name
    .replace(/^(\.\.?\/)+/, "")
    .replaceAll(/[.]/g, "\\.")
    .replaceAll(/<[^>]*>|\*/g, "[^/]*");
  const own = folder === "." ? "(.*/)?" : `${folder}/(.*/)?`;
  return places.some((place) => new RegExp(`^(${own})?${pattern}$`).test(place));
}

function anchorOf(heading: string): string {
  const text = heading.replace(/^#+ /, "").toLowerCase();
  return text.replaceAll(/[^\w\s-]/g, "").replaceAll(" ", "-");
}
