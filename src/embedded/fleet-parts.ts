import { join } from 'node:path';
import type { ClusterId, SocketAddress } from '../model/index.ts';
import { findEnvoy, LocalProxyRuntime, type ProxyRuntime } from '../proxies/index.ts';
import { ControlPlanes, controlPlaneLogFile, controlPlaneSockets } from './cluster/control-planes.ts';
import { MemberCluster } from './cluster/member-cluster.ts';
import type { FleetConfig } from './config/fleet-config.ts';
import { FleetError } from './fleet-error.ts';
import { baseEnvironment } from './kubelet/container-environment.ts';
import type { KubeletContext } from './kubelet/kubelet-context.ts';
import { StartGate } from './kubelet/start-gate.ts';
import { openLoopbackNetwork } from './network/loopback-network.ts';
import type { PodNetwork } from './network/pod-network.ts';
import { DnsServer } from './outside/dns-server.ts';
import { type StandIn, startStandIns } from './outside/stand-ins.ts';
import { ProcessGroup } from './process/index.ts';
import type { StatePaths } from './state-folder.ts';

/** Pods whose start is in flight at once: small machines have two cores. */
const MAX_STARTS = 4;

/** Everything of a fleet that runs. */
export interface FleetParts {
  readonly members: readonly MemberCluster[];
  readonly processes: ProcessGroup;
  readonly network: PodNetwork;
  readonly planes?: ControlPlanes;
  readonly dns?: DnsServer;
  readonly standIns: readonly StandIn[];
}

/** What the parts are started from. */
export interface PartsOptions {
  readonly config: FleetConfig;
  readonly paths: StatePaths;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly startedAtMs: number;
  /** False: no control planes, gateways and sidecars; only applications. */
  readonly withMesh: boolean;
  readonly envoyPath?: string;
}

/**
 * Starts a fleet in the order that is fastest to the first answer: stores and control planes, then all pods.
 * Where a part fails, those that were started are stopped again.
 * @throws FleetError
 */
export async function startParts(options: PartsOptions): Promise<FleetParts> {
  const processes = new ProcessGroup(options.paths.processes);
  // Before anything is open: a socket that is left open would keep this process from ending.
  const envoyPath = options.withMesh ? await envoyOf(options) : undefined;
  const network = await openNetwork();
  const started: Started = { members: [], standIns: [] };
  try {
    const proxies = envoyPath === undefined ? undefined : new LocalProxyRuntime(envoyPath, processes);
    await start(options, { processes, network, proxies, started });
    return { processes, network, ...started };
  } catch (error) {
    await stopParts({ processes, network, ...started });
    throw error;
  }
}

/** Stops everything, applications and Envoys before control planes. Does not drain. */
export async function stopParts({ members, processes, network, planes, dns }: FleetParts): Promise<void> {
  await Promise.all(members.map((member) => member.stop()));
  await processes.stopAll();
  await Promise.all([planes?.stop(), dns?.stop()]);
  await network.close();
}

interface Underway {
  readonly processes: ProcessGroup;
  readonly network: PodNetwork;
  readonly proxies: ProxyRuntime | undefined;
  /** Filled as it goes, so that a failure can undo it. */
  readonly started: Started;
}

interface Started {
  planes?: ControlPlanes;
  dns?: DnsServer;
  members: readonly MemberCluster[];
  standIns: readonly StandIn[];
}

async function start(options: PartsOptions, { processes, network, proxies, started }: Underway): Promise<void> {
  const { config, paths, env, now, startedAtMs, withMesh } = options;
  const members = config.clusters.map((cluster) => new MemberCluster(cluster, { now, startedAtMs }));
  started.members = members;
  const networks = new Set(config.clusters.map((cluster) => cluster.network));
  const sockets = withMesh ? await controlPlaneSockets(config, network) : new Map<ClusterId, SocketAddress>();
  await Promise.all(
    members.map((member) => {
      const controlPlane = sockets.get(member.config.name);
      const choice = { withGateways: withMesh, hasOtherNetworks: networks.size > 1 };
      return member.load({ ...choice, ...(controlPlane ? { controlPlane } : {}) });
    }),
  );
  const echoMain = join(import.meta.dirname, 'echo', 'main.ts');
  const place = { network, processes, paths, workingDir: config.dir, echoMain, env: baseEnvironment(env, {}) };
  const standIns = await startStandIns(config.outside, place);
  started.standIns = standIns;
  const dns = await startDns(standIns, network);
  if (dns) started.dns = dns;
  const planes = withMesh ? await ControlPlanes.start({ config, members, paths, standIns, sockets, now }) : undefined;
  if (planes) started.planes = planes;
  const gate = new StartGate(MAX_STARTS);
  for (const member of members) {
    const { name, primary } = member.config;
    const access = planes?.access(primary);
    const own = planes?.get(name);
    const context: Omit<KubeletContext, 'cluster' | 'store'> = {
      network,
      processes,
      gate,
      paths,
      workingDir: config.dir,
      images: config.images,
      env,
      echoMain,
      now,
      ...(proxies ? { proxies } : {}),
      ...(access ? { access: { ...access, ...(dns ? { dnsResolver: dns.address } : {}) } } : {}),
      ...(own ? { hosted: { address: own.address, logFile: controlPlaneLogFile(paths, name) } } : {}),
      issueToken: async (subject) => {
        if (!planes) throw new Error('there is no control plane that a token would be for');
        return await planes.issueToken(name, subject);
      },
      settled: async (deadlineMs) => await planes?.settled(deadlineMs),
    };
    member.run(context);
  }
}

async function startDns(standIns: readonly StandIn[], network: PodNetwork): Promise<DnsServer | undefined> {
  if (standIns.length === 0) return undefined;
  const address = await network.serviceSocket({ role: 'dns', index: 0, port: 53 });
  const dns = new DnsServer(address, new Map(standIns.map((standIn) => [standIn.host, standIn.address])));
  await dns.start();
  return dns;
}

async function openNetwork(): Promise<PodNetwork> {
  try {
    return await openLoopbackNetwork();
  } catch (error) {
    throw new FleetError('no-network', {
      what: `The loopback network cannot be used: ${error instanceof Error ? error.message : String(error)}.`,
      why: 'Pods of a fleet on one machine reach each other there.',
      remedy: 'End fleets that are not used any more (`pelagos down`).',
    });
  }
}

async function envoyOf({ envoyPath, env }: PartsOptions): Promise<string> {
  const found = await findEnvoy(envoyPath, env);
  if (found.kind === 'found') return found.path;
  const { code, message, cause, remedy } = found.diagnostic;
  throw new FleetError(code as `PEL${number}`, { what: message, why: cause, remedy });
}
