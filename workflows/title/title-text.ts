// The title in what a model answered: one line, without quotes around it, of whole characters as people see them.

const maxTitleChars = 200;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const quotes = /^["'“”‘’«»「」『』《》`*\s]+|["'“”‘’«»「」『』《》`*\s]+$/gu;
const label = /^(?:title|标题)\s*[:：]\s*/iu;

/** "" when there is none. Code points are counted, as everywhere in this system. */
export function titleIn(answer: string): string {
  const lines = answer.split(/[\r\n\u2028\u2029]+/u).map((line) => tidy(line));
  return cut(lines.find((line) => line !== "") ?? "");
}

function tidy(line: string): string {
  const plain = line.replace(/[[\p{Cc}\p{Cf}]--[\u200d]]/gv, " ").replace(/\s+/gu, " ");
  return plain
    .replace(quotes, "")
    .replace(label, "")
    .replace(quotes, "")
    .replace(/[.。]$/u, "");
}

function cut(line: string): string {
  let title = "";
  let chars = 0;
  for (const { segment } of graphemes.segment(line)) {
    chars += [...segment].length;
    if (chars > maxTitleChars) break;
    title += segment;
  }
  return title.trimEnd();
}
