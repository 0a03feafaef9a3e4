// Words that no text may contain: one automaton (Aho and Corasick) finds any of thousands of words in one walk over the text.
// Words and texts are compared without regard to case, width and composition, and without invisible signs.
import { canonicalText } from "./names.ts";

interface Node {
  readonly next: Map<string, Node>;
  /** Where the walk goes on when no sign follows: the longest end of what was read that begins a word. */
  fallback: Node | undefined;
  isWord: boolean;
}

/** Signs that a reader does not see: a word is not hidden by them. */
const invisible = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu;

export class SensitiveWords {
  readonly #root: Node = createNode();
  readonly #isEmpty: boolean;

  constructor(words: Iterable<string>) {
    const folded = [...words].map(fold).filter((word) => word !== "");
    this.#isEmpty = folded.length === 0;
    for (const word of folded) this.#add(word);
    this.#link();
  }

  isIn(text: string): boolean {
    if (this.#isEmpty) return false;
    let node = this.#root;
    for (const sign of fold(text)) {
      node = this.#step(node, sign);
      if (node.isWord) return true;
    }
    return false;
  }

  #add(word: string): void {
    let node = this.#root;
    for (const sign of word) {
      let next = node.next.get(sign);
      if (!next) {
        next = createNode();
        node.next.set(sign, next);
      }
      node = next;
    }
    node.isWord = true;
  }

  /** Breadth first, so that the shorter nodes a fallback may lead to are linked already. */
  #link(): void {
    const queue = [this.#root];
    for (const node of queue) {
      for (const [sign, child] of node.next) {
        child.fallback = node.fallback ? this.#step(node.fallback, sign) : this.#root;
        child.isWord ||= child.fallback.isWord;
        queue.push(child);
      }
    }
  }

  #step(from: Node, sign: string): Node {
    let node: Node | undefined = from;
    while (node) {
      const next = node.next.get(sign);
      if (next) return next;
      node = node.fallback;
    }
    return this.#root;
  }
}

/** Where no words are configured. */
export const noSensitiveWords = new SensitiveWords([]);

function createNode(): Node {
  return { next: new Map(), fallback: undefined, isWord: false };
}

function fold(text: string): string {
  return canonicalText(text.replace(invisible, "")).replace(invisible, "");
}
