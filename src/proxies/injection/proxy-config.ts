import { isRecord } from './pod.ts';

/** What of Istio's ProxyConfig (mesh.v1alpha1) a proxy is started with; what is not given is not there. */
export interface ProxyConfig {
  /** Worker threads; 0: as many as the machine has. */
  readonly concurrency?: number;
  /** Seconds for which a gateway goes on after its pod was told to end. */
  readonly terminationDrainSeconds?: number;
  readonly holdApplicationUntilProxyStarts?: boolean;
  /** More statistics to keep, by prefix. */
  readonly statsPrefixes?: readonly string[];
}

export const NO_PROXY_CONFIG: ProxyConfig = {};

/** More threads than this no pod has. */
const MAX_CONCURRENCY = 1024;

/** What is not of the right type is left out. */
export function parseProxyConfig(value: unknown): ProxyConfig {
  if (!isRecord(value)) return NO_PROXY_CONFIG;
  const { concurrency, holdApplicationUntilProxyStarts: hold, proxyStatsMatcher: matcher } = value;
  const drain = parseSeconds(value['terminationDrainDuration']);
  const prefixes = isRecord(matcher) ? matcher['inclusionPrefixes'] : undefined;
  const isThreads = typeof concurrency === 'number' && Number.isInteger(concurrency) && concurrency >= 0;
  return {
    ...(isThreads && concurrency <= MAX_CONCURRENCY ? { concurrency } : {}),
    ...(drain === undefined ? {} : { terminationDrainSeconds: drain }),
    ...(typeof hold === 'boolean' ? { holdApplicationUntilProxyStarts: hold } : {}),
    ...(Array.isArray(prefixes) ? { statsPrefixes: prefixes.filter((each) => typeof each === 'string') } : {}),
  };
}

/** A duration as protobuf's JSON or Go writes it: `5s`, `1m30s`, `500ms`; rounded up to whole seconds. */
function parseSeconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return undefined;
  const seconds: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return Math.ceil(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (seconds[unit ?? ''] ?? 0), 0));
}
