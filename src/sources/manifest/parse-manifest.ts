import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import type { ClusterId, RawObject } from '../../model/index.ts';
import { findPosition, parseYaml, plainValue, type YamlDocument } from './parse-yaml.ts';
import { isRecord, toRawObject } from './raw-object.ts';
import { type DocumentText, splitDocuments } from './split-documents.ts';

/** Documents of one file beyond this are not read. */
export const MAX_DOCUMENTS = 10_000;

/** A file of manifests as it was read. */
export interface ManifestFile {
  readonly cluster: ClusterId;
  /** As messages are to name it. */
  readonly file: string;
  readonly text: string;
}

/** One document with the objects in it: one, or those of a `kind: List`. */
export interface ManifestDocument extends DocumentText {
  readonly objects: readonly RawObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** All documents of a file. */
export interface Manifest {
  readonly documents: readonly ManifestDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads all documents of a file. Unchanged documents are taken over from `previous`, so that a change of one document
 * costs the parsing of that one alone. One that stands in the same place gives the very same objects; one that only
 * moved gives new objects with the same body.
 */
export function parseManifest(manifest: ManifestFile, previous?: Manifest): Manifest {
  const { cluster, file } = manifest;
  const texts = splitDocuments(manifest.text.startsWith('\uFEFF') ? manifest.text.slice(1) : manifest.text);
  const inPlace = new Map(previous?.documents.map((document) => [`${document.line}:${document.text}`, document]));
  const moved = new Map(previous?.documents.map((document) => [document.text, document]));
  const documents = texts.slice(0, MAX_DOCUMENTS).map((text) => {
    const same = inPlace.get(`${text.line}:${text.text}`);
    if (same) return same;
    const before = moved.get(text.text);
    const isGood = before && before.diagnostics.length === 0;
    return isGood ? moveDocument(before, text.line) : parseManifestDocument(text, cluster, file);
  });
  const cut = texts[MAX_DOCUMENTS];
  const diagnostics = documents.flatMap((document) => document.diagnostics);
  if (cut) diagnostics.push(diagnose('PEL1003', { limit: MAX_DOCUMENTS }, { at: { file, line: cut.line, column: 1 } }));
  return { documents, diagnostics };
}

function moveDocument(document: ManifestDocument, line: number): ManifestDocument {
  const objects = document.objects.map((object) => {
    if (object.origin.kind !== 'file') return object;
    const shift = line - document.line;
    const origin = { ...object.origin, line: object.origin.line + shift };
    const positionOf: NonNullable<RawObject['positionOf']> = (path) => {
      const position = object.positionOf?.(path);
      return position && { line: position.line + shift, column: position.column };
    };
    return { ...object, origin, positionOf };
  });
  return { ...document, line, objects };
}

function parseManifestDocument(text: DocumentText, cluster: ClusterId, file: string): ManifestDocument {
  const parsed = parseSafely(text, file);
  if ('diagnostics' in parsed) return { ...text, objects: [], diagnostics: parsed.diagnostics };
  const objects: RawObject[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { body, path } of expandList(parsed.value)) {
    const start = findPosition(parsed.yaml, path);
    const line = (start?.line ?? 1) + text.line - 1;
    const column = start?.column ?? 1;
    const object = toRawObject(body, {
      cluster,
      origin: { kind: 'file', file, line, column },
      positionOf: positionsOf(text, path),
    });
    if ('problem' in object) {
      diagnostics.push(diagnose('PEL1005', { problem: object.problem }, { at: { file, line, column } }));
    } else {
      objects.push(object);
    }
  }
  return { ...text, objects, diagnostics };
}

type Parsed =
  | { readonly value: unknown; readonly yaml: YamlDocument }
  | { readonly diagnostics: readonly Diagnostic[] };

function parseSafely(text: DocumentText, file: string): Parsed {
  const broken = (problem: string, line: number, column: number): Parsed => ({
    diagnostics: [diagnose('PEL1001', { problem }, { at: { file, line: text.line + line - 1, column } })],
  });
  try {
    const yaml = parseYaml(text.text);
    const [error] = yaml.document.errors;
    if (!error) return { value: plainValue(yaml.document), yaml };
    const { line, col } = yaml.lines.linePos(error.pos[0]);
    const [problem = ''] = error.message.split('\n');
    if (error.code !== 'DUPLICATE_KEY') return broken(problem, line, col);
    const at = { file, line: text.line + line - 1, column: col };
    return { diagnostics: [diagnose('PEL1008', { problem }, { at })] };
  } catch (error) {
    const problem = error instanceof RangeError ? 'it is nested too deep' : String((error as Error).message);
    return broken(problem, 1, 1);
  }
}

interface Part {
  readonly body: unknown;
  readonly path: readonly (string | number)[];
}

/** A `kind: List` (or `ServiceList` ...) stands for its items; an empty document for nothing. */
function expandList(value: unknown): Part[] {
  if (value === null || value === undefined) return [];
  const isList = isRecord(value) && typeof value['kind'] === 'string' && value['kind'].endsWith('List');
  if (!isList || !Array.isArray(value['items'])) return [{ body: value, path: [] }];
  const itemKind = String(value['kind']).slice(0, -'List'.length);
  return value['items'].map((item: unknown, index) => {
    const inherited = itemKind === '' ? {} : { apiVersion: value['apiVersion'], kind: itemKind };
    return { body: isRecord(item) ? { ...inherited, ...item } : item, path: ['items', index] };
  });
}

/** The document parsed last for positions: messages about one object come together. */
let lastParsed: { readonly text: string; readonly yaml: YamlDocument } | undefined;

/** Positions are rarely asked for, so the document is parsed again then instead of being kept in memory. */
function positionsOf(
  document: DocumentText,
  prefix: readonly (string | number)[],
): NonNullable<RawObject['positionOf']> {
  return (path) => {
    if (lastParsed?.text !== document.text) lastParsed = { text: document.text, yaml: parseYaml(document.text) };
    const position = findPosition(lastParsed.yaml, [...prefix, ...path]);
    return position && { line: position.line + document.line - 1, column: position.column };
  };
}
