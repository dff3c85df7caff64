import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { connectFromPod } from '../kubernetes-api/index.ts';
import { Istiod } from './istiod.ts';
import { readSettings } from './settings.ts';

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 10_000;

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
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    const starting = Istiod.start({ settings, api, version, log, now: Date.now });
    const istiod = await starting.catch((error: unknown) => {
      log.error({ reason: error instanceof Error ? error.message : String(error), delayMs }, 'istiod cannot start yet');
      return undefined;
    });
    if (istiod) {
      const signal = await stopped.promise;
      log.info({ signal }, 'istiod stops');
      await istiod.stop();
      return 0;
    }
    const signal = await Promise.race([stopped.promise, delay(delayMs)]);
    if (signal !== undefined) return 0;
  }
}

export function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
