import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

const STEP_MS = 20;

/** Waits until it holds; ten seconds unless given. @throws AssertionError naming what did not come. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs: number = 10_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (performance.now() < endMs) {
    if (await holds()) return;
    await delay(STEP_MS);
  }
  assert.fail(`not within ${deadlineMs} ms: ${what}`);
}
