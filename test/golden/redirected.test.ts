/** Every golden case once more with redirected pods, as on Kubernetes: the same calls, the same answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAnswers, SIMULATED_WITHIN } from '../../src/cases/index.ts';
import { readCaseFolders } from './harness/case-folder.ts';
import { buildOfflineFleet } from './harness/offline-fleet.ts';
import { simulateRequest } from './harness/simulate-request.ts';

const chosen = new RegExp(process.env['PELAGOS_CASES'] ?? '.');

for (const { name, folder, case: wanted } of readCaseFolders().filter(({ name: each }) => chosen.test(each))) {
  test(name, async (context) => {
    const fleet = await buildOfflineFleet(folder, 'redirect');
    for (const request of wanted.requests) {
      await context.test(request.name, () => {
        const { answers, text } = simulateRequest(fleet, request);
        // A name that nobody has is found out by its resolver, or by the address that nobody answers at.
        if (request.want.status === 404 && answers.every(({ status }) => status === 503)) return;
        const problems = compareAnswers(request.want, answers, { within: SIMULATED_WITHIN, simulated: true });
        assert.equal(problems.length, 0, `${wanted.why}\n${problems.join('\n')}\n${text}`);
      });
    }
  });
}
