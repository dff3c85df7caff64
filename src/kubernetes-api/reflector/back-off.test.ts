import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backOffMs } from './back-off.ts';

test('law: a wait is never over its bound, never under half of what is due, and never shorter than was asked for', () => {
  const bounds = { minMs: 200, maxMs: 30_000 };
  const chance = fc.double({ min: 0, max: 0.999_999, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      chance,
      fc.option(fc.nat(60_000), { nil: undefined }),
      (failures, random, atLeastMs) => {
        const ms = backOffMs(bounds, { failures, chance: random, atLeastMs });
        assert.ok(ms >= Math.max(100, atLeastMs ?? 0));
        assert.ok(ms <= Math.max(30_000, atLeastMs ?? 0));
        if (failures > 10 && atLeastMs === undefined) assert.ok(ms >= 15_000);
      },
    ),
  );
});
