import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatDiagnostic } from '../../diagnostics/index.ts';
import { stateFolderOf, statePathsOf } from '../../embedded/state-api.ts';
import { CliError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { readFleet } from '../find-fleet.ts';
import { FleetClient } from '../fleet-client.ts';
import { alreadyRuns, runDetached } from '../up/detached.ts';
import { DiagnosticNews } from '../up/diagnostic-news.ts';
import { listenForStop } from '../up/stop-signals.ts';
import { showChanges, showSuggestions, showUntilReady } from '../up/watch-fleet.ts';

/** How long after the end a forgotten connection may hold the process. */
const LINGER_MS = 1_000;

export const run: RunCommand = async (call) => {
  const dir = resolve(call.cwd, call.args[0] ?? call.options.text('fleet') ?? '.');
  checkFolder(dir);
  if (readFleet(stateFolderOf(dir, call.env))?.isRunning) throw alreadyRuns(dir);
  return call.options.flag('detach') ? runDetached(call, dir) : runHere(call, dir);
};

function checkFolder(dir: string): void {
  const stat = statSync(dir, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return;
  throw new CliError({
    code: 'no-folder',
    what: stat ? `${dir} is not a folder` : `there is no folder ${dir}`,
    why: 'A fleet is a folder with one sub-folder of manifests for each cluster.',
    remedy: 'Give such a folder, or try `pelagos up examples/two-clusters`.',
  });
}

async function runHere({ terminal, options, env, now }: CommandCall, dir: string): Promise<number> {
  const startedAtMs = now();
  const { FleetError, startFleet } = await import('../../embedded/index.ts');
  const envoy = options.text('envoy');
  const starting = startFleet({ dir, env, ...(envoy === undefined ? {} : { envoy }) });
  const stop = listenForStop(async () => {
    await (await starting).kill();
  });
  // It is awaited below. Until then a failure ends the watching, and so does `down` from elsewhere.
  starting.then((fleet) => fleet.stopped).then(stop.abort, stop.abort);
  const client = new FleetClient(statePathsOf(stateFolderOf(dir, env)).controlSocket);
  const watch = { client, terminal, signal: stop.signal, startedAtMs, now, env, news: new DiagnosticNews() };
  const ready = await showUntilReady(watch);
  const fleet = await starting.catch((error: unknown) => {
    if (!(error instanceof FleetError)) throw error;
    for (const diagnostic of error.diagnostics) terminal.err(`${formatDiagnostic(diagnostic)}\n`);
    throw new CliError({ code: error.code, what: error.message, why: error.why, remedy: error.remedy });
  });
  if (ready) {
    await showSuggestions(watch, ready);
    if (terminal.isInteractive) terminal.out('Ctrl-C stops it.\n');
    let isNews = true;
    fleet.onChange(() => {
      isNews = true;
    });
    const hasChanged = (): boolean => {
      const answer = isNews;
      isNews = false;
      return answer;
    };
    await showChanges({ ...watch, hasChanged }, ready);
  }
  if (terminal.isInteractive) terminal.err('\nStopping; Ctrl-C again does not wait for requests in flight.\n');
  await fleet.stop();
  terminal.err('Everything is stopped.\n');
  // Nothing is left to wait for; should anything still hold this process, it must not hang around.
  setTimeout(() => process.exit(), LINGER_MS).unref();
  return 0;
}
