import { checksFor } from '../check/all-checks.ts';
import type { Verdict } from '../check/check.ts';
import { type CheckResult, runChecks } from '../check/run-checks.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectKubernetes } from '../kubernetes/kubernetes-cluster.ts';
import { LiveBlock } from '../output/live-block.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { type Style, styled } from '../output/terminal.ts';

const REFERENCE = 'docs/reference/checks.md';
const SIGNS: Readonly<Record<Verdict['kind'], readonly [sign: string, style: Style]>> = {
  ok: ['✔', 'green'],
  warning: ['‼', 'yellow'],
  failure: ['✘', 'red'],
  skipped: ['-', 'dim'],
};

export const run: RunCommand = (call) => check(call, call.options.flag('pre') ? 'pre' : 'post');

/** @returns 1 where a check failed. */
export async function check(call: CommandCall, when: 'pre' | 'post'): Promise<number> {
  const { options, terminal, now } = call;
  const cluster = await connectKubernetes(call);
  const waitMs = options.flag('wait') ? (options.number('timeout') ?? 300_000) : 0;
  const format = structuredFormat(options.text('output'));
  const block = new LiveBlock(terminal);
  let group = '';
  const results = await runChecks({
    cluster,
    checks: checksFor(when),
    untilMs: now() + waitMs,
    now,
    onStart: ({ text }) => {
      if (terminal.isInteractive && !format) block.draw(`… ${text}`);
    },
    onEnd: (result) => {
      block.clear();
      if (format) return;
      if (result.check.group !== group) {
        terminal.out(`${group === '' ? '' : '\n'}${styled(terminal, 'bold', result.check.group)}\n`);
        group = result.check.group;
      }
      terminal.out(formatResult(call, result));
    },
  });
  const isGood = !results.some(({ verdict }) => verdict.kind === 'failure');
  if (format) terminal.out(await formatStructured(structured(results, isGood), format));
  else
    terminal.out(
      `\nStatus check results are ${isGood ? styled(terminal, 'green', '✔') : styled(terminal, 'red', '✘')}\n`,
    );
  return isGood ? 0 : 1;
}

function formatResult({ terminal }: CommandCall, { check: { id, text, remedy }, verdict }: CheckResult): string {
  const [sign, style] = SIGNS[verdict.kind];
  const line = (note: string): string =>
    `${styled(terminal, style, sign)} ${text}${note === '' ? '' : styled(terminal, 'dim', ` (${note})`)}\n`;
  switch (verdict.kind) {
    case 'ok':
      return line(verdict.seen);
    case 'skipped':
      return line(verdict.why);
    default:
      return `${line('')}    ${verdict.problem}\n    hint: ${remedy}\n    see ${REFERENCE}#${id}\n`;
  }
}

function structured(results: readonly CheckResult[], success: boolean): unknown {
  const groups = [...new Set(results.map(({ check: { group } }) => group))];
  return {
    success,
    categories: groups.map((categoryName) => ({
      categoryName,
      checks: results
        .filter(({ check: { group } }) => group === categoryName)
        .map(({ check: { id, text, remedy }, verdict }) => ({
          id,
          description: text,
          result: verdict.kind,
          ...(verdict.kind === 'ok' ? { seen: verdict.seen } : {}),
          ...(verdict.kind === 'skipped' ? { why: verdict.why } : {}),
          ...('problem' in verdict ? { error: verdict.problem, hint: remedy, document: `${REFERENCE}#${id}` } : {}),
        })),
    })),
  };
}
