import { formatTable } from '../output/table.ts';
import { styled, type Terminal } from '../output/terminal.ts';
import type { ProgressRow } from './progress.ts';

type Paint = Pick<Terminal, 'hasColor'>;

/** The rows as a table with headings. A cluster is named once, on its first row. */
export function formatFleetTable(rows: readonly ProgressRow[], paint: Paint): string {
  // Restarts are rare, and room is scarce.
  const hasRestarts = rows.some((row) => row.restarts > 0);
  const headings = ['', 'CLUSTER', 'KIND', 'NAME', 'READY', ...(hasRestarts ? ['RESTARTS'] : []), 'STATUS'];
  const lines = rows.map((row, index) => [
    markOf(row, paint),
    row.cluster === rows[index - 1]?.cluster ? '' : styled(paint, 'bold', row.cluster),
    row.what,
    row.name,
    row.containers,
    ...(hasRestarts ? [formatRestarts(row, paint)] : []),
    formatState(row, paint),
  ]);
  return formatTable([headings.map((text) => styled(paint, 'dim', text)), ...lines], 2);
}

function formatRestarts({ restarts, containers }: ProgressRow, paint: Paint): string {
  if (restarts > 0) return styled(paint, 'yellow', String(restarts));
  return containers === '' ? '' : '0';
}

function markOf({ isReady, phase }: ProgressRow, paint: Paint): string {
  if (isReady) return styled(paint, 'green', '✓');
  return hasFailed(phase) ? styled(paint, 'red', '✗') : styled(paint, 'yellow', '·');
}

function hasFailed(phase: string): boolean {
  return phase === 'CrashLoopBackOff' || phase === 'Failed';
}

function formatState({ isReady, phase, detail }: ProgressRow, paint: Paint): string {
  if (isReady) return detail;
  const text = detail === phase || detail === '' ? phase : `${phase}: ${detail}`;
  return styled(paint, hasFailed(phase) ? 'red' : 'yellow', text);
}

/** One plain line, for output that is no terminal. */
export function formatReadyLine({ cluster, what, name, detail }: ProgressRow): string {
  return `${cluster}: ${what} ${name} is ready${detail ? ` (${detail})` : ''}\n`;
}
