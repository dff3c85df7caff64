import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Lab } from './lab.ts';
import { describeTallies, type Failure, type Load, startLoad, type Tallies } from './load.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const LAB = join(ROOT, 'test', 'kubernetes', 'lab', 'lab');
export const CLUSTERS = ['cluster1', 'cluster2'] as const;
const SYSTEM = ['-n', 'istio-system'] as const;

export type Place = 'application' | 'system';

/** The article's two clusters under steady load, and what can happen to them. */
export interface FaultLab {
  readonly lab: Lab;
  readonly load: Load;
  scale(cluster: string, deployment: string, replicas: number, where?: Place): Promise<void>;
  rolledOut(cluster: string, deployment: string, where?: Place): Promise<void>;
  restart(cluster: string, deployment: string, where?: Place): Promise<void>;
  /** Ends one pod of the mesh's own as a node that crashes would: no hook runs, no signal is handled. */
  kill(cluster: string, app: string): Promise<void>;
  /** Waits until the proxies of all pods of the application are connected to a control plane. */
  allConnected(): Promise<void>;
  /** Waits until the control plane says so of cluster2. */
  remoteIs(state: 'synced' | 'stale'): Promise<void>;
  /** A command of the lab itself: `api`, `link`. */
  fault(...args: readonly string[]): Promise<void>;
}

/** @param lab where the article's script ran, in clusters that the lab itself knows by other names. */
export async function startFaultLab(lab: Lab, labNames: readonly string[]): Promise<FaultLab> {
  return { lab, load: await startLoad(lab, CLUSTERS), ...actionsIn(lab, labNames) };
}

function actionsIn(lab: Lab, labNames: readonly string[]): Omit<FaultLab, 'lab' | 'load'> {
  const at = (where: Place): readonly string[] => (where === 'system' ? SYSTEM : []);
  const rolledOut: FaultLab['rolledOut'] = async (cluster, deployment, where = 'application') => {
    await lab.kubectl(cluster, 'rollout', 'status', ...at(where), `deployment/${deployment}`, '--timeout=120s');
  };
  return {
    rolledOut,
    scale: async (cluster, deployment, replicas, where = 'application') => {
      await lab.kubectl(cluster, 'scale', ...at(where), `deployment/${deployment}`, `--replicas=${replicas}`);
    },
    restart: async (cluster, deployment, where = 'application') => {
      await lab.kubectl(cluster, 'rollout', 'restart', ...at(where), `deployment/${deployment}`);
      await rolledOut(cluster, deployment, where);
    },
    kill: async (cluster, app) => {
      const pods = await lab.kubectl(cluster, 'get', 'pods', ...SYSTEM, '-l', `app=${app}`, '-o', 'name');
      const [pod = ''] = pods.split('\n');
      await lab.kubectl(cluster, 'delete', ...SYSTEM, pod, '--grace-period=0', '--force', '--wait=false');
    },
    allConnected: () => lab.eventually('all proxies are connected', () => assertConnected(lab)),
    remoteIs: (state) =>
      lab.eventually(`cluster2 is ${state}`, async () => {
        const { stdout } = await lab.istioctl('--context', 'cluster1', 'remote-clusters');
        assert.match(stdout, new RegExp(`cluster2\\s.*${state}`));
      }),
    fault: async (...args) => {
      const named = args.map((arg) => labNames[(CLUSTERS as readonly string[]).indexOf(arg)] ?? arg);
      const { code, stderr } = await lab.run(LAB, named);
      assert.equal(code, 0, stderr);
    },
  };
}

async function assertConnected(lab: Lab): Promise<void> {
  const { stdout } = await lab.istioctl('--context', 'cluster1', 'proxy-status', '-o', 'json');
  const proxies = JSON.parse(stdout) as readonly { readonly pod: string }[];
  const names = new Set(proxies.map(({ pod }) => pod));
  for (const cluster of CLUSTERS) {
    const pods = await lab.kubectl(cluster, 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}');
    for (const pod of pods.split(' ')) assert.ok(names.has(pod), `${cluster}: ${pod} is not connected`);
  }
}

/** Calls whose name is not among these had an endpoint all the time. */
export function without(tallies: Tallies, ...names: readonly string[]): Tallies {
  return new Map([...tallies].filter(([name]) => !names.includes(name)));
}

/** @param excused failures that nobody can help; none unless given. */
export function nothingLost(
  t: TestContext,
  tallies: Tallies,
  excused: (failure: Failure) => boolean = () => false,
): void {
  const said = describeTallies(tallies);
  t.diagnostic(said);
  assert.ok(tallies.size > 0, 'there were no calls');
  for (const [name, { calls, failures }] of tallies) {
    assert.ok(calls > 0, `${name}: no calls`);
    assert.deepEqual(
      failures.filter((failure) => !excused(failure)),
      [],
      said,
    );
  }
}
