import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stateFolderOf, statePathsOf } from '../../embedded/state-api.ts';
import { CliError } from '../cli-error.ts';
import type { CommandCall } from '../command-spec.ts';
import { FleetClient } from '../fleet-client.ts';
import { LogReader } from '../output/log-reader.ts';
import { DiagnosticNews } from './diagnostic-news.ts';
import { progressRows } from './progress.ts';
import { showSuggestions, showUntilReady } from './watch-fleet.ts';

const LOG_LINES = 15;

/**
 * Starts `up` in a session of its own and waits until it is ready.
 * @returns 0, or 1 where it ended or was not ready in time; then it says why.
 */
export async function runDetached(call: CommandCall, dir: string): Promise<number> {
  const { terminal, env, now } = call;
  const paths = statePathsOf(stateFolderOf(dir, env));
  // Beside the state folder, which a start clears.
  const logFile = detachedLogOf(paths.root);
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
  const stop = new AbortController();
  const child = spawnUp(call, dir, logFile);
  let end: string | undefined;
  child.once('exit', (code, signal) => {
    end = code === null ? `signal ${signal}` : `exit code ${code}`;
    stop.abort();
  });
  const timeoutMs = call.options.number('timeout') ?? 120_000;
  const timer = setTimeout(() => stop.abort(), timeoutMs);
  const watch = {
    client: new FleetClient(paths.controlSocket),
    terminal,
    signal: stop.signal,
    startedAtMs: now(),
    now,
    env,
    news: new DiagnosticNews(),
  };
  const status = await showUntilReady(watch);
  clearTimeout(timer);
  if (status) {
    await showSuggestions(watch, status);
    terminal.out(`It runs in the background (process ${child.pid}); its log: ${logFile}. \`pelagos down\` ends it.\n`);
    child.unref();
    return 0;
  }
  if (end !== undefined) {
    terminal.err(lastLines(logFile));
    throw new CliError({
      code: 'not-started',
      what: `the fleet ended while it was starting (${end})`,
      why: 'Its last words are above.',
      remedy: `The whole log is ${logFile}.`,
    });
  }
  const waiting = await watch.client.status().catch(() => undefined);
  const reasons = waiting
    ? progressRows(waiting)
        .filter((row) => !row.isReady)
        .map((row) => `${row.cluster}/${row.name}: ${row.detail}`)
    : [];
  child.unref();
  throw new CliError({
    code: 'not-ready',
    what: `not everything is ready after ${Math.round(timeoutMs / 1_000)} s; the fleet is left running`,
    why: reasons.length > 0 ? `Not ready: ${reasons.join('; ')}.` : 'It does not answer on its control socket yet.',
    remedy: `See \`pelagos status\` and ${logFile}; \`pelagos down\` ends it.`,
  });
}

function spawnUp({ options, env }: CommandCall, dir: string, logFile: string): ReturnType<typeof spawn> {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));
  const envoy = options.text('envoy');
  const args = [
    ...process.execArgv,
    main,
    'up',
    dir,
    '--color',
    'never',
    ...(envoy === undefined ? [] : ['--envoy', envoy]),
  ];
  const log = openSync(logFile, 'w', 0o600);
  try {
    return spawn(process.execPath, args, { detached: true, env, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

/** Where a fleet in the background writes; `down` takes it away. */
export function detachedLogOf(stateFolder: string): string {
  return `${stateFolder}.log`;
}

/** An `up` of this folder runs already. */
export function alreadyRuns(dir: string): CliError {
  return new CliError({
    code: 'already-runs',
    what: `a fleet runs from ${dir} already`,
    why: 'A folder has one fleet at a time; saving a file changes the one that runs.',
    remedy: 'Use it as it is (`pelagos status`), or end it with `pelagos down`.',
  });
}

function lastLines(logFile: string): string {
  const reader = new LogReader(logFile);
  let text = '';
  try {
    reader.start(LOG_LINES, (part) => {
      text += part;
    });
  } finally {
    reader.close();
  }
  return text;
}
