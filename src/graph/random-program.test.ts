import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

const KEYS = ['a', 'b', 'c', 'd'] as const;
export const TABLES = ['left', 'right'] as const;
const LEVELS = 4;

/** What a program reads where a table has no such key: unlike every value that is set. */
export const ABSENT = 1_000;

/** What a random computation can read. `query` names a level; in graphs without cycles always a lower one. */
export type Read =
  | { readonly kind: 'value'; readonly table: number; readonly key: string }
  | { readonly kind: 'has'; readonly table: number; readonly key: string }
  | { readonly kind: 'keys'; readonly table: number }
  | { readonly kind: 'size'; readonly table: number }
  | { readonly kind: 'index'; readonly key: string }
  | { readonly kind: 'indexKeys' }
  | { readonly kind: 'query'; readonly level: number; readonly key: string };

type Expression =
  | Read
  | { readonly kind: 'sum'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choose'; readonly when: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'remainder' | 'fail' | 'rescue'; readonly of: Expression };

type ReadNow = (read: Read) => number;

/** A list as a number that depends on its members and their order. */
export function digest(list: readonly (string | number)[]): number {
  let sum = list.length;
  for (const code of list.join().split('')) sum = (sum * 31 + code.charCodeAt(0)) % 1_000_003;
  return sum;
}

export function evaluate(expression: Expression, read: ReadNow): number {
  switch (expression.kind) {
    case 'sum':
      return expression.parts.reduce((sum, part) => sum + evaluate(part, read), 0);
    case 'choose':
      return evaluate(expression.when, read) % 2 === 1 ? evaluate(expression.yes, read) : evaluate(expression.no, read);
    case 'remainder':
      return evaluate(expression.of, read) % 2;
    case 'fail': {
      const value = evaluate(expression.of, read);
      if (value % 3 === 1) throw new Error(`failed on ${value}`);
      return value;
    }
    case 'rescue':
      try {
        return evaluate(expression.of, read);
      } catch {
        return 7;
      }
    default:
      return read(expression);
  }
}

/** The programs of all values: `programs[level][key]`. */
export type Programs = readonly Readonly<Record<string, Expression>>[];

/** The same values by plain recursion over plain maps: no cache, no marks. Undefined where a value fails. */
export class Oracle {
  readonly rows: readonly Map<string, number>[] = TABLES.map(() => new Map());
  readonly #programs: Programs;

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  value(level: number, key: string): number | undefined {
    try {
      return this.#query(level, key, []);
    } catch {
      return undefined;
    }
  }

  read(read: Read): number | undefined {
    return read.kind === 'query' ? this.value(read.level, read.key) : this.#read(read, []);
  }

  #query(level: number, key: string, path: readonly string[]): number {
    const name = `${level}${key}`;
    if (path.includes(name)) throw new Error('cycle');
    const program = this.#programs[level]?.[key];
    assert(program !== undefined);
    return evaluate(program, (read) => this.#read(read, [...path, name]));
  }

  #read(read: Read, path: readonly string[]): number {
    if (read.kind === 'query') return this.#query(read.level, read.key, path);
    const rows = this.rows['table' in read ? read.table : 0] ?? new Map<string, number>();
    const keys = [...rows.keys()].sort();
    if (read.kind === 'value') return rows.get(read.key) ?? ABSENT;
    if (read.kind === 'has') return rows.has(read.key) ? 1 : 0;
    if (read.kind === 'size') return rows.size;
    if (read.kind === 'keys') return digest(keys);
    if (read.kind === 'indexKeys') return digest([...new Set([...rows.values()].flatMap(indexKeys))].sort());
    return digest(keys.flatMap((key) => rows.get(key) ?? []).filter((value) => indexKeys(value).includes(read.key)));
  }
}

export function indexKeys(value: number): string[] {
  return value === 0 ? [] : [`m${value % 2}`, `m${value % 3}`];
}

export const key: fc.Arbitrary<string> = fc.constantFrom(...KEYS);
export const table: fc.Arbitrary<number> = fc.nat({ max: TABLES.length - 1 });
export const level: fc.Arbitrary<number> = fc.nat({ max: LEVELS - 1 });

/** Programs that read queries of the levels below `below`, and none for 0. `rescue` only where no cycle can be. */
function expressionBelow(below: number, canRescue: boolean): fc.Arbitrary<Expression> {
  const reads: fc.Arbitrary<Expression>[] = [
    fc.record({ kind: fc.constantFrom('value' as const, 'has' as const), table, key }),
    fc.record({ kind: fc.constantFrom('keys' as const, 'size' as const), table }),
    fc.record({ kind: fc.constant('index' as const), key: fc.constantFrom('m0', 'm1', 'm2') }),
    fc.constant({ kind: 'indexKeys' as const }),
  ];
  const query = fc.record({ kind: fc.constant('query' as const), level: fc.nat({ max: Math.max(0, below - 1) }), key });
  const leaf = below === 0 ? fc.oneof(...reads) : fc.oneof(...reads, { arbitrary: query, weight: 6 });
  const unary = canRescue ? (['remainder', 'fail', 'rescue'] as const) : (['remainder', 'fail'] as const);
  return fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaf,
      fc.record({
        kind: fc.constant('sum' as const),
        parts: fc.array(tie('expression'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('choose' as const), when: tie('expression'), yes: leaf, no: tie('expression') }),
      fc.record({ kind: fc.constantFrom(...unary), of: tie('expression') }),
    ),
  })).expression;
}

function programsOf(expression: (level: number) => fc.Arbitrary<Expression>): fc.Arbitrary<Programs> {
  const row = (level: number) =>
    fc.record({ a: expression(level), b: expression(level), c: expression(level), d: expression(level) });
  return fc.tuple(...Array.from({ length: LEVELS }, (_, i) => row(i)));
}

/** Each level reads lower ones only. */
export const layered: fc.Arbitrary<Programs> = programsOf((level) => expressionBelow(level, true));
/** Any value may read any other, so that some depend on themselves. */
export const tangled: fc.Arbitrary<Programs> = programsOf(() => expressionBelow(LEVELS, false));

test('the oracle reads tables, follows queries and fails where a value depends on itself', () => {
  const none: Expression = { kind: 'size', table: 1 };
  const oracle = new Oracle([
    { a: { kind: 'value', table: 0, key: 'x' }, b: { kind: 'query', level: 1, key: 'a' }, c: none, d: none },
    { a: { kind: 'query', level: 0, key: 'a' }, b: { kind: 'query', level: 0, key: 'b' }, c: none, d: none },
    { a: { kind: 'query', level: 2, key: 'b' }, b: { kind: 'query', level: 2, key: 'a' }, c: none, d: none },
  ]);
  oracle.rows[0]?.set('x', 5);
  assert.equal(oracle.value(1, 'b'), 5);
  assert.equal(oracle.value(2, 'a'), undefined);
  assert.equal(oracle.value(2, 'c'), 0);
});
