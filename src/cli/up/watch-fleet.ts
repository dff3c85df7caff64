import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetStatus } from '../../embedded/fleet-api.ts';
import type { FleetClient } from '../fleet-client.ts';
import { formatElapsed } from '../output/duration.ts';
import { LiveBlock } from '../output/live-block.ts';
import { styled, type Terminal } from '../output/terminal.ts';
import { diagnosticLines, formatChanges, formatRefusals } from './changes.ts';
import { formatFleetTable, formatReadyLine } from './fleet-table.ts';
import { formatSummary, isFleetReady, progressRows } from './progress.ts';
import { suggestCommands } from './suggestions.ts';

const START_POLL_MS = 150;
/** Once everything runs, changes are rare. */
const RUN_POLL_MS = 700;

export interface Watch {
  readonly client: FleetClient;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
  readonly now: () => number;
}

/**
 * Shows the fleet until all of it is ready: a table drawn in place at a terminal, a line per thing elsewhere.
 * @returns the last status, or undefined where `signal` came first.
 */
export async function showUntilReady({
  client,
  terminal,
  signal,
  now,
  startedAtMs,
}: Watch): Promise<FleetStatus | undefined> {
  const block = new LiveBlock(terminal);
  const told = new Set<string>();
  let last: FleetStatus | undefined;
  while (!signal.aborted) {
    // Before the control socket is there, nobody answers: that is a part of starting.
    const status = await client.status(5_000).catch(() => undefined);
    if (status && !signal.aborted) {
      const news = diagnosticLines(last?.diagnostics ?? [], status.diagnostics);
      if (news.length > 0) block.clear();
      for (const line of news) terminal.err(`${line}\n`);
      if (terminal.isInteractive) block.draw(drawing(status, terminal, now() - startedAtMs));
      else tellReady(status, told, terminal);
      last = status;
      if (isFleetReady(status)) return status;
    }
    await pause(START_POLL_MS, signal);
  }
  block.keep();
  return undefined;
}

function drawing(status: FleetStatus, terminal: Terminal, elapsedMs: number): string {
  const rows = progressRows(status);
  const summary = `${formatSummary(rows)}, ${formatElapsed(elapsedMs)}`;
  return `${formatFleetTable(rows, terminal)}${styled(terminal, isFleetReady(status) ? 'green' : 'dim', summary)}\n`;
}

function tellReady(status: FleetStatus, told: Set<string>, terminal: Terminal): void {
  for (const row of progressRows(status)) {
    if (!row.isReady || told.has(row.key)) continue;
    told.add(row.key);
    terminal.out(formatReadyLine(row));
  }
}

/** What can be done with it now. */
export async function showSuggestions(
  { client, terminal, now, startedAtMs }: Watch,
  status: FleetStatus,
): Promise<void> {
  const summary = `${formatSummary(progressRows(status))} in ${formatElapsed(now() - startedAtMs)}`;
  if (!terminal.isInteractive) terminal.out(`${summary}\n`);
  const commands = await suggestCommands(client, status).catch(() => []);
  if (commands.length > 0)
    terminal.out(`\nTry:\n${commands.map((command) => `  ${styled(terminal, 'cyan', command)}\n`).join('')}\n`);
}

/** A line for everything that changes, until `signal`. */
export async function showChanges({ client, terminal, signal }: Watch, first: FleetStatus): Promise<void> {
  let last = first;
  let refusals = new Set<string>();
  while (!signal.aborted) {
    await pause(RUN_POLL_MS, signal);
    const [status, proxies] = await Promise.all([
      client.status(5_000).catch(() => undefined),
      client.proxies().catch(() => []),
    ]);
    if (signal.aborted || !status) continue;
    const refused = formatRefusals(proxies);
    const lines = [...formatChanges(last, status), ...refused.filter((line) => !refusals.has(line))];
    for (const line of lines) terminal.out(`${styled(terminal, 'dim', timeOfDay())} ${line}\n`);
    refusals = new Set(refused);
    last = status;
  }
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
