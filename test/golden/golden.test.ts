/** Every golden case in the simulator: real folders, controllers, mesh and translation, walked without a process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAnswers, SIMULATED_WITHIN, type WantedDiagnostic } from '../../src/cases/index.ts';
import type { Diagnostic } from '../../src/diagnostics/index.ts';
import { readCaseFolders } from './harness/case-folder.ts';
import { buildOfflineFleet } from './harness/offline-fleet.ts';
import { simulateRequest } from './harness/simulate-request.ts';

const chosen = new RegExp(process.env['PELAGOS_CASES'] ?? '.');

for (const { name, folder, case: wanted } of readCaseFolders().filter(({ name: each }) => chosen.test(each))) {
  test(name, async (context) => {
    const fleet = await buildOfflineFleet(folder);
    assertDiagnostics(fleet.diagnostics, wanted.diagnostics);
    for (const request of wanted.requests) {
      await context.test(request.name, () => {
        const { answers, text } = simulateRequest(fleet, request);
        const problems = compareAnswers(request.want, answers, { within: SIMULATED_WITHIN, simulated: true });
        assert.equal(problems.length, 0, `${wanted.why}\n${problems.join('\n')}\n${text}`);
      });
    }
  });
}

/** Exactly the findings that the case names, warnings and errors alike. */
function assertDiagnostics(found: readonly Diagnostic[], wanted: readonly WantedDiagnostic[]): void {
  const told = found
    .filter(({ severity }) => severity !== 'info')
    .map(({ code, object, message }) => {
      const about = object ? `${object.kind} ${object.namespace}/${object.name}` : '';
      return { code, about, text: `${code} ${about}: ${message}` };
    });
  const missing = wanted.filter(
    ({ code, object }) => !told.some((one) => one.code === code && one.about.includes(object)),
  );
  const extra = told.filter(
    ({ code, about }) => !wanted.some((one) => one.code === code && about.includes(one.object)),
  );
  assert.deepEqual(missing, [], `not told; told was ${told.map(({ text }) => text).join('; ') || 'nothing'}`);
  assert.deepEqual(
    extra.map(({ text }) => text),
    [],
    'told without being wanted',
  );
}
