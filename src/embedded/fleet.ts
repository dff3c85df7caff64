import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Diagnostic } from '../diagnostics/index.ts';
import type { MemberCluster } from './cluster/member-cluster.ts';
import type { FleetConfig } from './config/fleet-config.ts';
import { readFleetConfig } from './config/read-fleet-config.ts';
import { ControlSocket } from './control-socket/control-socket.ts';
import type { ClusterStatus, FleetStatus, ProxyStatus } from './fleet-api.ts';
import { claimFleet, type Leftovers } from './fleet-claim.ts';
import { FleetError } from './fleet-error.ts';
import { type FleetParts, startParts, stopParts } from './fleet-parts.ts';
import { standInDiagnostics } from './outside/stand-ins.ts';
import { type StatePaths, stateFolderOf, statePathsOf } from './state-folder.ts';

export interface FleetOptions {
  /** The folder with `fleet.yaml`, or with a sub-folder per cluster. */
  readonly dir: string;
  /** Path of the Envoy to use; else it is looked for. */
  readonly envoy?: string;
  /** Default: this process's. Decides PELAGOS_STATE, PELAGOS_ENVOY, PATH and what programs inherit. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** False: no control planes, gateways and sidecars; pods that ask for a sidecar wait. Default: true. */
  readonly withMesh?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Changes that come together are told together. */
const CHANGE_MS = 20;
/** After this the first start counts as over, whatever is not ready by then. */
const STARTING_MS = 60_000;

/**
 * Starts the fleet of a folder: returns when control planes serve and pods are on their way; {@link Fleet.status} says
 * how far they are. What a killed run left behind is cleared away first.
 * @throws FleetError where the folder describes no fleet, it runs already, or something that all need is missing.
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const dir = resolve(options.dir);
  const env = options.env ?? process.env;
  const now = options.now ?? Date.now;
  const { config, diagnostics } = await readFleetConfig(dir);
  if (!config) throw badFleet(dir, diagnostics);
  const paths = statePathsOf(stateFolderOf(dir, env));
  const leftovers = await claimFleet(paths, dir);
  try {
    const startedAtMs = now();
    const { envoy, withMesh = true } = options;
    const parts = await startParts({
      config,
      paths,
      env,
      now,
      startedAtMs,
      withMesh,
      ...(envoy ? { envoyPath: envoy } : {}),
    });
    const fleet = new Fleet({ config, paths, parts, startedAtMs, diagnostics, leftovers });
    await fleet.listen();
    return fleet;
  } catch (error) {
    await rm(paths.root, { recursive: true, force: true });
    throw error;
  }
}

interface FleetState {
  readonly config: FleetConfig;
  readonly paths: StatePaths;
  readonly parts: FleetParts;
  readonly startedAtMs: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly leftovers: Leftovers;
}

/** A running fleet. */
export class Fleet {
  readonly paths: StatePaths;
  /** What a killed run had left behind. */
  readonly leftovers: Leftovers;
  readonly #state: FleetState;
  readonly #socket: ControlSocket;
  readonly #listeners = new Set<() => void>();
  readonly #ended = Promise.withResolvers<void>();
  #phase: FleetStatus['phase'] = 'starting';
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(state: FleetState) {
    this.#state = state;
    this.paths = state.paths;
    this.leftovers = state.leftovers;
    this.#socket = new ControlSocket(state.paths.controlSocket, this);
    for (const { store } of state.parts.members) store.onChange(() => this.#changed());
    for (const plane of state.parts.planes?.all() ?? []) plane.onChange(() => this.#changed());
  }

  /** Opens the control socket. */
  async listen(): Promise<void> {
    try {
      await this.#socket.listen();
    } catch (error) {
      await stopParts(this.#state.parts);
      throw error;
    }
  }

  get members(): readonly MemberCluster[] {
    return this.#state.parts.members;
  }

  member(name: string): MemberCluster | undefined {
    return this.members.find(({ config }) => config.name === name);
  }

  /** Calls the listener after changes of pods, objects, proxies and findings. @returns the way to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): FleetStatus {
    const { config, startedAtMs } = this.#state;
    const clusters = this.members.map((member) => this.#clusterStatus(member));
    const areServing = clusters.every(({ controlPlane }) => controlPlane.ready);
    const ready = this.#phase !== 'stopping' && areServing && this.members.every(({ isReady }) => isReady);
    const isOver = ready || Date.now() - startedAtMs > STARTING_MS;
    if (this.#phase === 'starting' && isOver) this.#phase = 'running';
    return {
      name: config.name,
      dir: config.dir,
      pid: process.pid,
      startedAtMs,
      phase: this.#phase,
      ready,
      clusters,
      diagnostics: this.diagnostics(),
    };
  }

  /** Everything there is to tell, each thing once. */
  diagnostics(): readonly Diagnostic[] {
    const { planes, standIns } = this.#state.parts;
    const all = [
      ...this.#state.diagnostics,
      ...this.members.flatMap(({ diagnostics }) => diagnostics),
      ...(planes?.all() ?? []).flatMap((plane) => plane.diagnostics()),
      ...standInDiagnostics(standIns),
    ];
    return [...new Map(all.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic])).values()];
  }

  proxies(): readonly ProxyStatus[] {
    return (this.#state.parts.planes?.all() ?? []).flatMap((plane) => plane.status());
  }

  /** Resolves when everything is ready. @returns false at the deadline. */
  async ready(timeoutMs: number): Promise<boolean> {
    const { promise, resolve: done } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => done(false), timeoutMs);
    const look = (): void => {
      if (this.status().ready) done(true);
    };
    const off = this.onChange(look);
    look();
    return await promise.finally(() => {
      clearTimeout(timer);
      off();
    });
  }

  /** Resolves when everything is stopped, whoever asked for it (`pelagos down` does over the control socket). */
  get stopped(): Promise<void> {
    return this.#ended.promise;
  }

  /** Ends everything; nothing is left behind, neither processes nor files. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** SIGKILL to all processes, for who cannot wait; also in the middle of {@link stop}. */
  async kill(): Promise<void> {
    await this.#state.parts.processes.killAll();
    await this.stop();
  }

  async #stop(): Promise<void> {
    this.#phase = 'stopping';
    this.#changed();
    clearTimeout(this.#timer);
    await stopParts(this.#state.parts);
    await this.#socket.close();
    await rm(this.paths.root, { recursive: true, force: true });
    this.#ended.resolve();
  }

  #clusterStatus(member: MemberCluster): ClusterStatus {
    const { name, region, zone, network, primary } = member.config;
    const plane = this.#state.parts.planes?.get(primary);
    const address = plane?.address;
    return {
      name,
      region,
      zone,
      network,
      controlPlane: {
        cluster: primary,
        ready: this.#state.parts.planes === undefined || plane !== undefined,
        address: address ? `${address.address}:${address.port}` : '',
        connectedProxies: plane?.status().filter(({ cluster }) => cluster === name).length ?? 0,
      },
      pods: member.pods(),
    };
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const listener of this.#listeners) listener();
    }, CHANGE_MS);
  }
}

function badFleet(dir: string, diagnostics: readonly Diagnostic[]): FleetError {
  const text = {
    what: `${dir} does not describe a fleet.`,
    why: 'Nothing was started.',
    remedy: 'Mend what is listed, or start from an example with `pelagos init`.',
  };
  return new FleetError('bad-fleet', text, diagnostics);
}
