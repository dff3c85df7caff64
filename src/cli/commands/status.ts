import { setTimeout as sleep } from 'node:timers/promises';
import { formatDiagnostic } from '../../diagnostics/index.ts';
import type { FleetStatus } from '../../embedded/fleet-api.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import { formatAge } from '../output/duration.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatFleetTable } from '../up/fleet-table.ts';
import { formatSummary, isFleetReady, progressRows } from '../up/progress.ts';

const POLL_MS = 200;

export const run: RunCommand = async (call) => {
  const { options, terminal } = call;
  const status = await readStatus(call);
  const format = structuredFormat(options.text('output'));
  terminal.out(format ? await formatStructured(status, format) : formatStatus(status, call));
  return isFleetReady(status) ? 0 : 1;
};

/** With `--wait`, the first status in which all is ready, or the last one before the time was over. */
async function readStatus(call: CommandCall): Promise<FleetStatus> {
  const client = connectFleet(call, call.args[0]);
  const endMs = call.now() + (call.options.flag('wait') ? (call.options.number('timeout') ?? 120_000) : 0);
  for (;;) {
    const left = endMs - call.now();
    // While a fleet starts, its control socket may not be there yet.
    const status = await (left > 0 ? client.status().catch(() => undefined) : client.status());
    if (status && (isFleetReady(status) || left <= 0)) return status;
    await sleep(POLL_MS);
  }
}

function formatStatus(status: FleetStatus, { terminal, now }: CommandCall): string {
  const rows = progressRows(status);
  const age = formatAge(now() - status.startedAtMs);
  const diagnostics = status.diagnostics.map((each) => `${formatDiagnostic(each)}\n`).join('');
  return [
    `${status.name}  ${status.dir}  (${status.phase} for ${age}, process ${status.pid})\n\n`,
    formatFleetTable(rows, terminal),
    `\n${formatSummary(rows)}${countProblems(status)}\n`,
    diagnostics === '' ? '' : `\n${diagnostics}`,
  ].join('');
}

function countProblems({ diagnostics }: FleetStatus): string {
  const counts = (['error', 'warning'] as const).flatMap((severity) => {
    const count = diagnostics.filter((each) => each.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? '' : 's'}`];
  });
  return counts.length > 0 ? `; ${counts.join(', ')}` : '';
}
