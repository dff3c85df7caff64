/**
 * The golden cases with real processes and Envoys: the same files as in golden.test.ts. Run by name
 * (`node --test test/golden/golden.e2e.ts`); PELAGOS_CASES, a regular expression, chooses among them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAnswers } from '../../src/cases/index.ts';
import { readCaseFolders } from './harness/case-folder.ts';
import { startRealFleet } from './harness/real-fleet.ts';

const chosen = new RegExp(process.env['PELAGOS_CASES'] ?? '.');

for (const { name, folder, case: wanted } of readCaseFolders().filter(({ name: each }) => chosen.test(each))) {
  test(name, { timeout: 300_000 }, async (context) => {
    const fleet = await startRealFleet(folder);
    try {
      for (const request of wanted.requests) {
        await context.test(request.name, async () => {
          const answers = await fleet.answers(request);
          const problems = compareAnswers(request.want, answers, { within: request.want.within, simulated: false });
          assert.equal(problems.length, 0, `${wanted.why}\n${problems.join('\n')}`);
        });
      }
    } finally {
      await fleet.stop();
    }
  });
}
