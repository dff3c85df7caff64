import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { ControlPlane, SERVER_NAME } from '../../control-plane/index.ts';
import type { ClusterId, SocketAddress } from '../../model/index.ts';
import { TOKEN_AUDIENCE } from '../../proxies/index.ts';
import {
  CertificateAuthority,
  KeyTokenReviewer,
  TokenIssuer,
  type TokenSubject,
  TrustBundle,
} from '../../security/index.ts';
import type { FleetConfig } from '../config/fleet-config.ts';
import { type ControlPlaneAccess, TOKEN_TTL_MS } from '../kubelet/proxy-worker.ts';
import type { PodNetwork } from '../network/pod-network.ts';
import { withStandIns } from '../outside/stand-in-source.ts';
import type { StandIn } from '../outside/stand-ins.ts';
import type { StatePaths } from '../state-folder.ts';
import type { MemberCluster } from './member-cluster.ts';

/** Istio's port for xDS over TLS. */
const XDS_PORT = 15_012;

/** An Envoy says that it has taken a change a moment before its worker thread goes by it. */
const WORKER_LAG_MS = 50;

/** What the fleet's control planes are made of. */
export interface ControlPlanesOptions {
  readonly config: FleetConfig;
  readonly members: readonly MemberCluster[];
  readonly paths: StatePaths;
  readonly standIns: readonly StandIn[];
  /** Where the control plane of each cluster that has its own is to listen. */
  readonly sockets: ReadonlyMap<ClusterId, SocketAddress>;
  readonly now: () => number;
}

/** Sockets for the control planes, by the clusters that have their own. */
export async function controlPlaneSockets(
  config: FleetConfig,
  network: PodNetwork,
): Promise<ReadonlyMap<ClusterId, SocketAddress>> {
  const sockets = new Map<ClusterId, SocketAddress>();
  for (const { name, primary } of config.clusters) {
    if (primary !== name) continue;
    sockets.set(name, await network.serviceSocket({ role: 'control-plane', index: sockets.size, port: XDS_PORT }));
  }
  return sockets;
}

/** The control planes of a fleet, all in this process: one per cluster that has its own. */
export class ControlPlanes {
  readonly #planes: ReadonlyMap<ClusterId, ControlPlane>;
  readonly #issuers: ReadonlyMap<ClusterId, TokenIssuer>;
  readonly #rootFiles: ReadonlyMap<ClusterId, string>;

  private constructor(
    planes: ReadonlyMap<ClusterId, ControlPlane>,
    issuers: ReadonlyMap<ClusterId, TokenIssuer>,
    rootFiles: ReadonlyMap<ClusterId, string>,
  ) {
    this.#planes = planes;
    this.#issuers = issuers;
    this.#rootFiles = rootFiles;
  }

  /** Makes and starts them. Each reads the objects of its own cluster, and services and pods of all. */
  static async start(options: ControlPlanesOptions): Promise<ControlPlanes> {
    const { config, members, now, paths } = options;
    const { trustDomain } = config.meshConfig;
    const issuers = new Map(
      members.map(({ config: { name } }) => [name, TokenIssuer.create({ issuer: `https://${name}.pelagos.dev`, now })]),
    );
    const trust = new TrustBundle({ trustDomain, now });
    const planes = new Map<ClusterId, ControlPlane>();
    const rootFiles = new Map<ClusterId, string>();
    for (const [cluster, listen] of options.sockets) {
      const ca = CertificateAuthority.createRoot(cluster, { trustDomain, now });
      trust.set(cluster, [ca.root.pem]);
      planes.set(cluster, makePlane(options, { cluster, ca, trust, issuers, listen }));
      rootFiles.set(cluster, join(paths.run, `${cluster}-roots`, 'roots.pem'));
    }
    await Promise.all(
      [...planes].map(async ([name, plane]) => {
        await plane.start();
        const file = rootFiles.get(name) ?? '';
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        await writeFile(file, plane.serverCaPem, { mode: 0o600 });
      }),
    );
    return new ControlPlanes(planes, issuers, rootFiles);
  }

  /** The one that serves the proxies of clusters with this primary. */
  get(primary: ClusterId): ControlPlane | undefined {
    return this.#planes.get(primary);
  }

  all(): readonly ControlPlane[] {
    return [...this.#planes.values()];
  }

  /** How proxies of clusters with this primary find their control plane. */
  access(primary: ClusterId): ControlPlaneAccess | undefined {
    const plane = this.#planes.get(primary);
    const rootsFile = this.#rootFiles.get(primary);
    return plane && rootsFile ? { address: plane.address, serverName: SERVER_NAME, rootsFile } : undefined;
  }

  /** A token of the cluster's own issuer. */
  async issueToken(cluster: ClusterId, subject: TokenSubject): Promise<string> {
    const issuer = this.#issuers.get(cluster);
    if (!issuer) throw new Error(`the cluster ${cluster} has no token issuer`);
    return await issuer.issue(subject, { audiences: [TOKEN_AUDIENCE], ttlMs: TOKEN_TTL_MS });
  }

  /** Resolves when every connected proxy has taken what the stores hold now, or at the deadline. */
  async settled(deadlineMs: number): Promise<void> {
    // The stores tell their changes on the next turn of the event loop.
    await new Promise<void>((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => setImmediate(resolve));
    await Promise.all(this.all().map((plane) => plane.settled(deadlineMs)));
    await sleep(Math.min(WORKER_LAG_MS, deadlineMs));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all().map((plane) => plane.stop()));
  }
}

interface PlaneParts {
  readonly cluster: ClusterId;
  readonly ca: CertificateAuthority;
  readonly trust: TrustBundle;
  readonly issuers: ReadonlyMap<ClusterId, TokenIssuer>;
  readonly listen: SocketAddress;
}

function makePlane(options: ControlPlanesOptions, parts: PlaneParts): ControlPlane {
  const { config, members, standIns, now, paths } = options;
  const { cluster, ca, trust, issuers, listen } = parts;
  return new ControlPlane({
    cluster,
    members: members.map(({ config: { name, network: networkId, primary }, store }) => {
      const issuer = issuers.get(name);
      const tokens =
        primary === cluster && issuer
          ? new KeyTokenReviewer({
              cluster: name,
              issuer: issuer.issuer,
              audience: TOKEN_AUDIENCE,
              keys: () => [issuer.publicKey],
              now,
            })
          : undefined;
      return {
        id: name,
        network: networkId,
        source: withStandIns(store.source(), standIns),
        // As with Istio's primary and remote clusters: rules are read where the control plane is.
        config: name === cluster,
        ...(tokens ? { tokens } : {}),
      };
    }),
    listen,
    ca,
    trust,
    meshConfig: config.meshConfig,
    now,
    log: logOf(paths, cluster),
  });
}

/** Where `logs deployment/istiod` looks. */
export function controlPlaneLogFile(paths: StatePaths, cluster: ClusterId): string {
  return join(paths.logs, cluster, 'istio-system', 'istiod', 'discovery.log');
}

function logOf(paths: StatePaths, cluster: ClusterId): Logger {
  const file = controlPlaneLogFile(paths, cluster);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return pino({ base: { cluster } }, pino.destination({ dest: file, mode: 0o600, sync: false }));
}
