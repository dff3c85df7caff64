import { join } from 'node:path';
import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import type { OutsideHost } from '../config/fleet-config.ts';
import { portEnvironment } from '../kubelet/container-environment.ts';
import type { PodNetwork } from '../network/pod-network.ts';
import type { ProcessGroup, SupervisedProcess } from '../process/index.ts';
import type { StatePaths } from '../state-folder.ts';

/** A host outside the mesh, as it is on this machine. */
export interface StandIn {
  readonly host: string;
  /** What its name resolves to. */
  readonly address: string;
  /** Its port in the outside world to the real socket. */
  readonly sockets: ReadonlyMap<number, SocketAddress>;
  readonly process?: SupervisedProcess;
}

/** What to tell of stand-ins that keep ending. */
export function standInDiagnostics(standIns: readonly StandIn[]): readonly Diagnostic[] {
  return standIns.flatMap(({ host, process: supervised }) => {
    const status = supervised?.status();
    if (!supervised || status?.phase !== 'waiting') return [];
    const reason = status.lastEnd?.reason ?? 'unknown';
    const delayMs = Math.max((status.nextTryAtMs ?? 0) - (status.lastEnd?.atMs ?? 0), 0);
    const log = supervised.logTail(3) || '(empty)';
    return [diagnose('PEL5009', { workload: `outside/${host}`, reason, delayMs, log })];
  });
}

/** Where stand-ins run. */
export interface StandInPlace {
  readonly network: PodNetwork;
  readonly processes: ProcessGroup;
  readonly paths: StatePaths;
  readonly workingDir: string;
  readonly echoMain: string;
  /** What programs need to run at all. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a process for each host outside: its command, or the built-in echo server as the cluster "outside". */
export async function startStandIns(hosts: readonly OutsideHost[], place: StandInPlace): Promise<readonly StandIn[]> {
  const standIns: StandIn[] = [];
  for (const [index, host] of hosts.entries()) standIns.push(await startStandIn(host, index, place));
  return standIns;
}

async function startStandIn(outside: OutsideHost, index: number, place: StandInPlace): Promise<StandIn> {
  const { host, argv } = outside;
  const sockets = new Map<number, SocketAddress>();
  for (const { port } of outside.ports) {
    sockets.set(port, await place.network.serviceSocket({ role: 'outside', index, port }));
  }
  const ports = outside.ports.flatMap(({ port, protocol }) => {
    const listen = sockets.get(port);
    return listen ? [{ port, target: port, name: '', protocol, listen }] : [];
  });
  const [command = process.execPath, ...args] = argv ?? [process.execPath, place.echoMain];
  const supervised = place.processes.start({
    name: `outside/${host}`,
    command,
    args,
    env: {
      ...place.env,
      ...portEnvironment(ports),
      CLUSTER: 'outside',
      POD_NAMESPACE: '',
      POD_NAME: host,
      APP: host,
      VERSION: '',
      LISTEN: JSON.stringify(ports.map(({ listen, protocol }) => ({ ...listen, protocol }))),
    },
    cwd: place.workingDir,
    logFile: join(place.paths.logs, 'outside', `${host}.log`),
    restart: 'always',
  });
  return { host, address: ports[0]?.listen.address ?? '127.0.0.1', sockets, process: supervised };
}
