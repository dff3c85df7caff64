import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetStatus } from '../../embedded/fleet-api.ts';
import type { FleetClient } from '../fleet-client.ts';
import { formatElapsed } from '../output/duration.ts';
import { LiveBlock } from '../output/live-block.ts';
import { styled, type Terminal } from '../output/terminal.ts';
import { formatChanges, formatRefusals } from './changes.ts';
import type { DiagnosticNews } from './diagnostic-news.ts';
import { formatFleetTable, formatReadyLine } from './fleet-table.ts';
import { diffObjects, readWritten } from './object-changes.ts';
import { formatSummary, isFleetReady, progressRows } from './progress.ts';
import { commandName, suggestCommands } from './suggestions.ts';

const START_POLL_MS = 150;
/** Once everything runs, changes are rare. */
const RUN_POLL_MS = 700;

export interface Watch {
  readonly client: FleetClient;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly startedAtMs: number;
  readonly now: () => number;
  /** What has been told of problems so far. */
  readonly news: DiagnosticNews;
  /** Has anything changed since this was last asked? Only a hint; absent where it cannot be known. */
  readonly hasChanged?: () => boolean;
}

/**
 * Shows the fleet until all of it is ready: a table drawn in place at a terminal, a line per thing elsewhere.
 * @returns the last status, or undefined where `signal` came first.
 */
export async function showUntilReady(watch: Watch): Promise<FleetStatus | undefined> {
  const { client, terminal, signal, now, startedAtMs, news } = watch;
  const block = new LiveBlock(terminal);
  const told = new Set<string>();
  while (!signal.aborted) {
    // Before the control socket is there, nobody answers: that is a part of starting.
    const status = await client.status(5_000).catch(() => undefined);
    if (status && !signal.aborted) {
      const lines = news.update(status.diagnostics, now());
      if (lines.length > 0) block.clear();
      for (const line of lines) terminal.err(`${line}\n`);
      if (terminal.isInteractive) block.draw(drawing(status, terminal, now() - startedAtMs));
      else tellReady(status, told, terminal);
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

/** Refusals beyond this are only counted. */
const MAX_REFUSALS = 5;

/** What proxies have refused so far: everything is ready all the same, with the last good versions. */
async function showRefusals({ client, terminal }: Watch): Promise<void> {
  const lines = formatRefusals(await client.proxies().catch(() => []));
  for (const line of lines.slice(0, MAX_REFUSALS)) terminal.err(`${styled(terminal, 'red', line)}\n`);
  if (lines.length > MAX_REFUSALS)
    terminal.err(`… and ${lines.length - MAX_REFUSALS} more: see \`pelagos proxy-status\`.\n`);
}

/** What is there, what proxies refuse, and what can be done with it now. */
export async function showSuggestions(watch: Watch, status: FleetStatus): Promise<void> {
  const { client, terminal, env, now, startedAtMs } = watch;
  const summary = `${formatSummary(progressRows(status))} in ${formatElapsed(now() - startedAtMs)}`;
  if (!terminal.isInteractive) terminal.out(`${summary}\n`);
  await showRefusals(watch);
  const commands = await suggestCommands(client, status).catch(() => []);
  if (commands.length > 0)
    terminal.out(
      `\nTry:\n${commands.map((command) => `  ${styled(terminal, 'cyan', command.replace(/^pelagos/, commandName(env)))}\n`).join('')}\n`,
    );
}

/** A line for everything that changes, until `signal`. */
export async function showChanges(watch: Watch, first: FleetStatus): Promise<void> {
  const { client, terminal, signal, news, now, hasChanged = () => true } = watch;
  let last = first;
  let refusals = new Set(formatRefusals(await client.proxies().catch(() => [])));
  let written = await readWritten(client, first);
  const tell = (lines: readonly string[]): void => {
    for (const line of lines) terminal.out(`${styled(terminal, 'dim', timeOfDay())} ${line}\n`);
  };
  while (!signal.aborted) {
    await pause(RUN_POLL_MS, signal);
    if (signal.aborted) return;
    // Asked without a change as well: some problems count as solved only after a while.
    if (!hasChanged()) {
      tell(news.update(last.diagnostics, now()));
      continue;
    }
    const status = await client.status(5_000).catch(() => undefined);
    if (signal.aborted || !status) continue;
    const refused = formatRefusals(await client.proxies().catch(() => []));
    const objects = await readWritten(client, status);
    tell([
      ...diffObjects(written, objects),
      ...news.update(status.diagnostics, now()),
      ...formatChanges(last, status),
      ...refused.filter((line) => !refusals.has(line)),
    ]);
    refusals = new Set(refused);
    last = status;
    written = objects;
  }
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
