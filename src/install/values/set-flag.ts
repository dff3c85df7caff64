import { define, isPlain, type Plain } from '../plain.ts';

/** What is wrong with one `--set`. */
export class SetFlagError extends Error {
  override readonly name = 'SetFlagError';
}

/** One step into a tree: a key of a map, the n-th item of a list, or the item of a list that has this field. */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'item'; readonly field: string; readonly value: string };

export interface Setting {
  readonly path: readonly Step[];
  readonly value: unknown;
}

/** Helm's limit too: a longer list is a mistake or an attack. */
const MAX_INDEX = 65_536;
const MAX_LENGTH = 64 * 1024;
const MAX_DEPTH = 30;
/** These are text whatever they look like (Istio). */
const ALWAYS_TEXT = /^(values\.)?(meshConfig\.defaultConfig\.proxyMetadata\.|compatibilityVersion$|tag$|global\.tag$)/;

/**
 * Reads one `--set`, in Istio's and Helm's spelling: `a.b=c`, `a[0].b=c`, `a.[name:x].b=c`, `a={x,y}`, `a=null`, several with
 * commas (`a=1,b=2`; a comma that no `name=` follows belongs to the value), `\` before `,` `.` `=` `[` `]` `{` `}`.
 * @throws SetFlagError
 */
export function parseSetFlag(text: string): readonly Setting[] {
  if (text.length > MAX_LENGTH) throw new SetFlagError(`it has ${text.length} characters, the limit is ${MAX_LENGTH}`);
  return splitSettings(text).map(parseSetting);
}

/** @returns the tree with the settings on top. */
export function applySettings(tree: Plain, settings: readonly Setting[]): Plain {
  const result = structuredClone(tree) as Record<string, unknown>;
  for (const setting of settings) put(result, setting.path, setting.value);
  return result;
}

function splitSettings(text: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index++;
    else if (character === '{') depth++;
    else if (character === '}') depth--;
    else if (character === ',' && depth <= 0 && /^[A-Za-z_][\w.[\]:/\\-]*=/.test(text.slice(index + 1))) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

function parseSetting(text: string): Setting {
  const equals = /^(?:\\.|[^=\\])*/.exec(text)?.[0].length ?? 0;
  if (equals === text.length) throw new SetFlagError(`"${text}" has no "="`);
  const name = text.slice(0, equals);
  const path = parsePath(name);
  const isText = ALWAYS_TEXT.test(name);
  return { path, value: parseValue(text.slice(equals + 1), isText) };
}

function parsePath(name: string): readonly Step[] {
  const steps: Step[] = [];
  const pattern = /\.?\[([^\]]*)\]|\.?((?:\\.|[^.[\\])+)/gy;
  for (let match = pattern.exec(name); match; match = pattern.exec(name)) {
    const [, inBrackets, key] = match;
    steps.push(
      key === undefined ? parseBrackets(inBrackets ?? '', name) : { kind: 'key', key: withoutBackslashes(key) },
    );
    if (pattern.lastIndex === name.length) return checkPath(steps, name);
  }
  throw new SetFlagError(`"${name}" is no path of keys with dots between`);
}

function checkPath(steps: readonly Step[], name: string): readonly Step[] {
  if (steps[0]?.kind !== 'key') throw new SetFlagError(`"${name}" does not begin with a name`);
  if (steps.length > MAX_DEPTH) throw new SetFlagError(`"${name}" is deeper than ${MAX_DEPTH} levels`);
  return steps;
}

function parseBrackets(text: string, name: string): Step {
  if (/^\d+$/.test(text)) {
    const index = Number(text);
    if (index > MAX_INDEX) throw new SetFlagError(`"${name}": the index ${text} is over ${MAX_INDEX}`);
    return { kind: 'index', index };
  }
  const [, field, value] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (field === undefined || value === undefined)
    throw new SetFlagError(`"${name}": [${text}] is neither a number nor field:value`);
  return { kind: 'item', field, value };
}

function parseValue(text: string, isText: boolean): unknown {
  const [, inBraces] = /^\{(.*)\}$/s.exec(text) ?? [];
  if (inBraces !== undefined) return inBraces === '' ? [] : splitList(inBraces).map((item) => scalar(item, isText));
  return scalar(text, isText);
}

function splitList(text: string): readonly string[] {
  return text.match(/(?:\\.|[^,\\])+|(?<=,|^)(?=,|$)/gs) ?? [];
}

function scalar(text: string, isText: boolean): unknown {
  const value = withoutBackslashes(text);
  if (isText) return value;
  if (value === 'null') return null;
  if (value === 'true') return true;
  if (value === 'false') return false;
  // A leading zero is text (Helm): 007 is no number, and neither is a version such as 1.10.
  if (/^-?(0|[1-9]\d{0,14})$/.test(value)) return Number(value);
  if (/^-?(0|[1-9]\d{0,14})\.\d*[1-9]$/.test(value)) return Number(value);
  return value;
}

function withoutBackslashes(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

function put(target: Record<string, unknown>, path: readonly Step[], value: unknown): void {
  let place: unknown = target;
  for (const [index, step] of path.entries()) {
    const next = path[index + 1];
    if (!next) {
      assign(place, step, value);
      return;
    }
    let child = read(place, step);
    if (next.kind === 'key' ? !isPlain(child) : !Array.isArray(child)) {
      child = assign(place, step, next.kind === 'key' ? {} : []);
    }
    place = child;
  }
}

function read(place: unknown, step: Step): unknown {
  if (step.kind === 'key') return isPlain(place) && Object.hasOwn(place, step.key) ? place[step.key] : undefined;
  return (place as readonly unknown[])[indexOf(place as readonly unknown[], step)];
}

/** @returns what stands there now. */
function assign(place: unknown, step: Step, value: unknown): unknown {
  if (step.kind === 'key') {
    define(place as Record<string, unknown>, step.key, value);
    return value;
  }
  const items = place as unknown[];
  const index = indexOf(items, step);
  // Beyond the end means a new item (Istio); one that is named keeps its name.
  const item = step.kind === 'item' && isPlain(value) ? { [step.field]: step.value, ...value } : value;
  items[Math.min(index, items.length)] = item;
  return item;
}

function indexOf(items: readonly unknown[], step: Exclude<Step, { kind: 'key' }>): number {
  if (step.kind === 'index') return step.index;
  const found = items.findIndex((item) => isPlain(item) && String(item[step.field]) === step.value);
  return found < 0 ? items.length : found;
}
