import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { connectFromPod } from '../kubernetes-api/index.ts';
import { Istiod } from './istiod.ts';
import { readSettings } from './settings.ts';

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 10_000;
/** How long after the end something may hold the process. */
const LINGER_MS = 1_000;

/**
 * The program of the istiod pod: starts, tries again while the API server is away, serves until a signal ends it.
 * @returns the exit code.
 */
export async function runDiscovery(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const settings = readSettings(env);
  const log = pino({ level: settings.logLevel, base: {}, timestamp: pino.stdTimeFunctions.isoTime });
  const stopped = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped.resolve(signal));
  const api = await connectFromPod(env);
  const version = ownVersion();
  log.info({ version, cluster: settings.cluster, network: settings.network, api: api.url }, 'istiod starts');
  await runUntilStopped({
    start: () => Istiod.start({ settings, api, version, log, now: Date.now }),
    stopped: stopped.promise,
    log,
  });
  // What a start that did not end has begun, or a forgotten connection, must not hold the pod until it is killed.
  setTimeout(() => process.exit(), LINGER_MS).unref();
  return 0;
}

/** Starts, and tries again until it has; stops when told to. A start that hangs is not waited for then. */
export async function runUntilStopped(of: {
  readonly start: () => Promise<Pick<Istiod, 'stop'>>;
  /** Resolves with the signal that ends it. */
  readonly stopped: Promise<string>;
  readonly log: Pick<Logger, 'info' | 'error'>;
}): Promise<void> {
  const { start, stopped, log } = of;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    const starting = start().catch((error: unknown) => {
      log.error({ reason: error instanceof Error ? error.message : String(error), delayMs }, 'istiod cannot start yet');
      return undefined;
    });
    const istiod = await Promise.race([starting, stopped]);
    const signal = istiod ? await stopped : await Promise.race([stopped, delay(delayMs)]);
    if (signal === undefined) continue;
    log.info({ signal }, 'istiod stops');
    if (typeof istiod === 'object') await istiod.stop();
    return;
  }
}

export function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
