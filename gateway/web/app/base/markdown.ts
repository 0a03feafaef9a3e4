// The markup of models as a tree: the part of Markdown that they write. Unfinished text is no error: an answer is drawn while it
// is written. Nothing becomes HTML.

export type Inline =
  | { readonly kind: "text" | "code" | "strong" | "emphasis" | "struck"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string };

export type Block =
  | { readonly kind: "paragraph" | "quote"; readonly lines: readonly (readonly Inline[])[] }
  | { readonly kind: "heading"; readonly level: number; readonly text: readonly Inline[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "list"; readonly isOrdered: boolean; readonly start: number; readonly items: readonly ListItem[] }
  | {
      readonly kind: "table";
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly kind: "line" };

interface ListItem {
  readonly depth: number;
  readonly text: readonly Inline[];
}

const fence = /^\s*(```|~~~)\s*([\w+#.-]*)\s*$/;
const heading = /^(#{1,6})\s+(.*?)\s*#*$/;
const bullet = /^(\s*)[-*+]\s+(.*)$/;
const numbered = /^(\s*)(\d{1,9})[.)]\s+(.*)$/;
const rule = /^\s*([-*_])(?:\s*\1){2,}\s*$/;
const quoted = /^>\s?(.*)$/;
const tableRow = /^\s*\|(.+)\|\s*$/;
const tableRule = /^\s*\|(\s*:?-+:?\s*\|)+\s*$/;

export function parseMarkdown(text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const [block, next] = readBlock(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

function readBlock(lines: readonly string[], at: number): [Block | undefined, number] {
  const line = lines[at] ?? "";
  if (line.trim() === "") return [undefined, at + 1];
  const opening = fence.exec(line);
  if (opening) return readCode(lines, at, opening[1] ?? "```", opening[2] ?? "");
  const title = heading.exec(line);
  if (title) return [{ kind: "heading", level: title[1]?.length ?? 1, text: parseInline(title[2] ?? "") }, at + 1];
  if (rule.test(line)) return [{ kind: "line" }, at + 1];
  if (tableRow.test(line) && tableRule.test(lines[at + 1] ?? "")) return readTable(lines, at);
  if (bullet.test(line) || numbered.test(line)) return readList(lines, at);
  if (quoted.test(line)) {
    const end = endOf(lines, at, (each) => quoted.test(each));
    const inner = lines.slice(at, end).map((each) => parseInline(quoted.exec(each)?.[1] ?? ""));
    return [{ kind: "quote", lines: inner }, end];
  }
  const end = endOf(lines, at + 1, (each) => each.trim() !== "" && !startsBlock(each));
  return [{ kind: "paragraph", lines: lines.slice(at, end).map((each) => parseInline(each.trim())) }, end];
}

function startsBlock(line: string): boolean {
  return [fence, heading, rule, bullet, numbered, quoted, tableRow].some((pattern) => pattern.test(line));
}

function endOf(lines: readonly string[], from: number, belongs: (line: string) => boolean): number {
  let end = from;
  while (end < lines.length && belongs(lines[end] ?? "")) end += 1;
  return end;
}

function readCode(lines: readonly string[], at: number, mark: string, language: string): [Block, number] {
  const end = endOf(lines, at + 1, (each) => each.trim() !== mark);
  return [{ kind: "code", language, text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function readList(lines: readonly string[], at: number): [Block, number] {
  const first = numbered.exec(lines[at] ?? "");
  const items: { depth: number; text: string }[] = [];
  let end = at;
  for (; end < lines.length; end += 1) {
    const line = lines[end] ?? "";
    const item = bullet.exec(line) ?? numbered.exec(line);
    const depth = Math.min(3, Math.floor((item?.[1]?.length ?? 0) / 2));
    const isOther = depth === 0 && item !== null && numbered.test(line) !== (first !== null);
    if (isOther) break;
    const last = items.at(-1);
    if (item) items.push({ depth, text: item.at(-1) ?? "" });
    else if (/^\s{2,}\S/.test(line) && last && !fence.test(line)) last.text += ` ${line.trim()}`;
    // A list with empty lines between its items is one list.
    else if (line.trim() === "" && startsItem(lines[end + 1])) continue;
    else break;
  }
  const parsed = items.map(({ depth, text }) => ({ depth, text: parseInline(text) }));
  return [{ kind: "list", isOrdered: first !== null, start: Number(first?.[2] ?? 1), items: parsed }, end];
}

function startsItem(line = ""): boolean {
  return bullet.test(line) || numbered.test(line);
}

function readTable(lines: readonly string[], at: number): [Block, number] {
  const cells = (line: string) => (tableRow.exec(line)?.[1] ?? "").split("|").map((cell) => parseInline(cell.trim()));
  const end = endOf(lines, at + 2, (each) => tableRow.test(each));
  return [{ kind: "table", head: cells(lines[at] ?? ""), rows: lines.slice(at + 2, end).map(cells) }, end];
}

const inline =
  /`([^`\n]+)`|\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__|~~(?=\S)(.+?)~~|(?<![\w*])\*(?=[^\s*])([^*\n]+?)\*(?!\w)|(?<!\w)_(?=\S)([^_\n]+?)_(?!\w)|\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}])/g;

function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  for (const match of text.matchAll(inline)) {
    const [whole, code, strong, strongToo, struck, emphasis, emphasisToo, label, href, address] = match;
    if (match.index > from) parts.push({ kind: "text", text: text.slice(from, match.index) });
    from = match.index + whole.length;
    if (code !== undefined) parts.push({ kind: "code", text: code });
    else if ((strong ?? strongToo) !== undefined) parts.push({ kind: "strong", text: strong ?? strongToo ?? "" });
    else if (struck !== undefined) parts.push({ kind: "struck", text: struck });
    else if ((emphasis ?? emphasisToo) !== undefined)
      parts.push({ kind: "emphasis", text: emphasis ?? emphasisToo ?? "" });
    else parts.push({ kind: "link", text: label ?? address ?? "", href: href ?? address ?? "" });
  }
  if (from < text.length) parts.push({ kind: "text", text: text.slice(from) });
  return parts;
}
