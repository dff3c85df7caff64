import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type ScalarTag,
} from 'yaml';
import type { Position } from '../../model/index.ts';

/** `yes`, `no`, `on` and `off` are booleans to Kubernetes (YAML 1.1), while `y` and `n` are not. */
const BOOLEAN_TAG: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: /^(?:[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF)$/,
  resolve: (text) => /^(?:yes|on)$/i.test(text),
};

/** `0644` is octal to Kubernetes (YAML 1.1). */
const OCTAL_TAG: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
};

/** References of one document to parts of itself beyond this are an attack ("billion laughs"). */
const MAX_ALIASES = 100;

/** One document, parsed; its lines count from the document's own start. */
export interface YamlDocument {
  readonly document: Document;
  readonly lines: LineCounter;
}

/** Parses one document as Kubernetes reads YAML. Errors are in `document.errors`. */
export function parseYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    customTags: (tags) => [BOOLEAN_TAG, OCTAL_TAG, ...tags],
  });
  return { document, lines };
}

/** The document's value as plain data. @throws where it refers to itself too often. */
export function plainValue(document: Document): unknown {
  return document.toJS({ maxAliasCount: MAX_ALIASES });
}

/** Where a value stands in the document: its key in a map, the item in a list. */
export function findPosition(yaml: YamlDocument, path: readonly (string | number)[]): Position | undefined {
  let node: unknown = yaml.document.contents;
  let place: Node | undefined;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && keyOf(item.key) === String(part));
      if (!pair) return undefined;
      place = pair.key as Node;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      place = node as Node | undefined;
    } else {
      return undefined;
    }
  }
  const offset = (place ?? (node as Node | null))?.range?.[0];
  if (offset === undefined) return undefined;
  const { line, col } = yaml.lines.linePos(offset);
  return { line, column: col };
}

function keyOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}
