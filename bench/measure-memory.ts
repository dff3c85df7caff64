import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import { PATH_URLS } from './measure-paths.ts';
import { nameOfMany, REAL_SERVICES } from './mesh-folder.ts';
import { memoryOf } from './process-memory.ts';
import type { MemoryResult, MemorySample, Verdict } from './report.ts';
import { SidecarCaller } from './sidecar-caller.ts';

/** The same traffic before each measurement: an Envoy takes memory for what it is used for. */
const REQUESTS = 200;
/** Buffers are given back and work that is put off is done. */
const SETTLE_MS = 2_000;
/** What a sidecar may grow by when the mesh has 1,000 services in place of 2. */
export const SIDECAR_LIMIT_RATIO = 1.05;

/** Memory by process; names are without what is made up anew at each start. */
export type MemoryMap = ReadonlyMap<string, MemorySample>;

/** Calls every path, waits, and measures every process of the fleet but the applications. */
export async function measureMemory(fleet: Fleet, services: number): Promise<MemoryMap> {
  const caller = new SidecarCaller(await fleet.sidecarOf('cluster1', 'deployment/client'));
  for (const url of Object.values(PATH_URLS)) {
    await caller.until200(url, 10_000);
    for (let request = 0; request < REQUESTS; request++) await caller.get(url);
  }
  await sleep(SETTLE_MS);
  const { controlPlane, pods } = fleet.processes();
  const samples = new Map([['control plane', { services, ...memoryOf(controlPlane) }]]);
  for (const { pid, name } of pods) {
    if (name.endsWith('/istio-proxy')) samples.set(stableName(name), { services, ...memoryOf(pid) });
  }
  if (services > REAL_SERVICES) await requireService(caller, nameOfMany(services - REAL_SERVICES - 1));
  caller.close();
  return samples;
}

/** A service that is in the mesh but has no pods gives 503; one that is not in the mesh would give 404. */
async function requireService(caller: SidecarCaller, name: string): Promise<void> {
  const answer = await caller.get(`http://${name}`);
  if (answer?.status === 503) return;
  throw new Error(`${name} is to be in the mesh without pods (503), but the sidecar answers ${answer?.status}`);
}

/** `cluster1/default/client-5d8f-x2x7q/istio-proxy` is `cluster1/client`. */
function stableName(name: string): string {
  const [cluster = '', , pod = ''] = name.split('/');
  return `${cluster}/${pod.replace(/(?:-[a-z0-9]+){2}$/, '')}`;
}

/** Both measurements side by side, in the order of the larger one. */
export function compareMemory(small: MemoryMap, large: MemoryMap): readonly MemoryResult[] {
  return [...large].flatMap(([process, after]) => {
    const before = small.get(process);
    if (!before) return [];
    const residentRatio = after.residentBytes / before.residentBytes;
    const anonymousRatio = before.anonymousBytes > 0 ? after.anonymousBytes / before.anonymousBytes : 1;
    return [{ process, role: roleOf(process), small: before, large: after, residentRatio, anonymousRatio }];
  });
}

function roleOf(process: string): MemoryResult['role'] {
  if (process === 'control plane') return 'control plane';
  return process.includes('gateway') ? 'gateway' : 'sidecar';
}

/**
 * The promise of the design: what a sidecar holds does not grow with the mesh. Most of an Envoy's resident memory is its
 * program, which no configuration changes; so the anonymous part has to keep the limit as well.
 */
export function judgeMemory(results: readonly MemoryResult[]): Verdict {
  const sidecars = results.filter(({ role }) => role === 'sidecar');
  const resident = Math.max(...sidecars.map(({ residentRatio }) => residentRatio));
  const anonymous = Math.max(...sidecars.map(({ anonymousRatio }) => anonymousRatio));
  const services = sidecars[0] ? `${sidecars[0].small.services} to ${sidecars[0].large.services} services` : '';
  const limit = `${Math.round((SIDECAR_LIMIT_RATIO - 1) * 100)} %`;
  const [most, mostAnonymous] = [resident, anonymous].map(formatGrowth);
  return {
    promise: `a sidecar's memory grows by ${limit} at most from ${services}`,
    pass: sidecars.length > 0 && Math.max(resident, anonymous) <= SIDECAR_LIMIT_RATIO,
    seen: sidecars.length > 0 ? `resident ${most}, its anonymous part ${mostAnonymous}` : 'no sidecar was measured',
  };
}

function formatGrowth(ratio: number): string {
  const percent = (ratio - 1) * 100;
  return `${percent < 0 ? '' : '+'}${percent.toFixed(1)} %`;
}
