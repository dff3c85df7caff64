import assert from 'node:assert/strict';

/** What the caller is to do. */
export interface CallOrder {
  readonly url: string;
  /** How many calls; 0: until it is stopped. 1 unless given. */
  readonly count?: number;
  /** How many at once. 1 unless given. */
  readonly concurrency?: number;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Rest after each answer. */
  readonly pauseMs?: number;
  /** Whether the headers that the application saw are wanted too. */
  readonly wantHeaders?: boolean;
}

/** One answer: the fields of the echo server, or the text of another program. */
export interface Answer {
  /** 0 where there was none. */
  readonly status: number;
  readonly error?: string;
  readonly text?: string;
  readonly cluster?: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly version?: string;
  readonly method?: string;
  readonly path?: string;
  readonly caller?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

type Field = 'cluster' | 'namespace' | 'pod' | 'version' | 'caller' | 'status' | 'text';

/** How many answers there are by the value of a field. */
export function countBy(answers: readonly Answer[], field: Field): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const key = String(answer[field] ?? '');
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function failuresOf(answers: readonly Answer[]): readonly Answer[] {
  return answers.filter(({ status }) => status !== 200);
}

/** Every call was answered with 200. */
export function assertAllOk(answers: readonly Answer[]): void {
  assert.ok(answers.length > 0, 'there are no answers');
  const failures = failuresOf(answers);
  assert.deepEqual(failures.slice(0, 5), [], `${failures.length} of ${answers.length} calls failed`);
}

/** Only these values, and each of them within `tolerance` answers of an equal share. */
export function assertEven(
  counts: Readonly<Record<string, number>>,
  values: readonly string[],
  tolerance: number,
): void {
  assert.deepEqual(Object.keys(counts), [...values].sort(), `${JSON.stringify(counts)}`);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  for (const [value, count] of Object.entries(counts)) {
    const isNear = Math.abs(count - total / values.length) <= tolerance;
    assert.ok(isNear, `${value} has ${count} of ${total} answers: ${JSON.stringify(counts)}`);
  }
}

/** Only these values, each with its share of 100 within `points`. */
export function assertShares(
  counts: Readonly<Record<string, number>>,
  wanted: Readonly<Record<string, number>>,
  points: number,
): void {
  assert.deepEqual(Object.keys(counts), Object.keys(wanted).sort(), `${JSON.stringify(counts)}`);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  for (const [value, share] of Object.entries(wanted)) {
    const seen = ((counts[value] ?? 0) / total) * 100;
    assert.ok(Math.abs(seen - share) <= points, `${value}: ${seen.toFixed(1)} of 100 answers, not ${share}`);
  }
}
