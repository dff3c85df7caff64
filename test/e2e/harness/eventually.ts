import { setTimeout as sleep } from 'node:timers/promises';

/** Far beyond what anything here takes: how long is not what these tests are about. */
const DEADLINE_MS = 40_000;
const EVERY_MS = 100;

/**
 * Waits until the check holds, however long that takes within reason.
 * @param check throws or gives undefined or false while it does not hold yet.
 * @throws Error with the last reason where it never does.
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  let reason: unknown;
  do {
    try {
      const found = await check();
      if (found !== undefined && found !== false) return found;
      reason = undefined;
    } catch (error) {
      reason = error;
    }
    await sleep(EVERY_MS);
  } while (Date.now() < end);
  const last = reason instanceof Error ? `: ${reason.message}` : '';
  throw new Error(`never seen: ${what}${last}`, { cause: reason });
}
