import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnostic } from '../../diagnostics/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import {
  type BootstrapSpec,
  type ProxyRuntime,
  type RunningProxy,
  replaceFile,
  writeXdsFiles,
} from '../../proxies/index.ts';
import type { ContainerState } from './container-state.ts';

/** Where a cluster's proxies find their control plane. */
export interface ControlPlaneAccess {
  readonly address: SocketAddress;
  /** The name in its certificate. */
  readonly serverName: string;
  /** PEM file of whom to believe it. */
  readonly rootsFile: string;
  /** A DNS server that knows the stand-ins of hosts outside. */
  readonly dnsResolver?: SocketAddress;
}

/** A token lives an hour, as Kubernetes' do by default, and is renewed at half of that. */
export const TOKEN_TTL_MS = 3_600_000;
const TOKEN_RENEW_MS: number = TOKEN_TTL_MS / 2;
const TOKEN_RETRY_MS = 10_000;

/** All that one Envoy needs. */
export interface ProxyWorkerSpec {
  readonly name: string;
  readonly runtime: ProxyRuntime;
  readonly logFile: string;
  /** Envoy's words; its runtime's default unless set. */
  readonly logLevel?: string;
  /** Of the pod's own, mode 0700: token, admin socket. */
  readonly folder: string;
  readonly access: ControlPlaneAccess;
  readonly facts: Omit<BootstrapSpec, 'controlPlane' | 'adminSocket' | 'dnsResolver'>;
  readonly issueToken: () => Promise<string>;
}

/** Runs a pod's Envoy and keeps its token fresh. */
export class ProxyWorker {
  readonly adminSocket: string;
  readonly #spec: ProxyWorkerSpec;
  readonly #changed: () => void;
  #proxy: RunningProxy | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(spec: ProxyWorkerSpec, changed: () => void) {
    this.#spec = spec;
    this.#changed = changed;
    this.adminSocket = join(spec.folder, 'admin.sock');
  }

  async start(): Promise<void> {
    const { name, runtime, logFile, logLevel, folder, access, facts } = this.#spec;
    const xdsFolder = join(folder, 'xds');
    await mkdir(xdsFolder, { recursive: true, mode: 0o700 });
    await this.#writeToken();
    const files = await writeXdsFiles(xdsFolder, { tokenFile: this.#tokenFile, rootsFile: access.rootsFile });
    // Left by an Envoy that was killed; a new one could not bind it.
    await rm(this.adminSocket, { force: true });
    if (this.#isStopped) return;
    const { address, serverName, dnsResolver } = access;
    this.#renewLater(TOKEN_RENEW_MS);
    this.#proxy = runtime.start({
      name,
      logFile,
      ...(logLevel ? { logLevel } : {}),
      bootstrap: {
        ...facts,
        controlPlane: { ...address, serverName, files },
        adminSocket: this.adminSocket,
        ...(dnsResolver ? { dnsResolver } : {}),
      },
    });
    this.#proxy.onChange(() => this.#changed());
    this.#changed();
  }

  get state(): ContainerState {
    const name = 'istio-proxy';
    const status = this.#proxy?.status();
    if (!status) {
      return { name, phase: 'waiting', isReady: false, restarts: 0, reason: 'it waits for its start', startedAtMs: 0 };
    }
    return {
      name,
      phase: status.phase === 'backing-off' ? 'crashed' : 'running',
      isReady: status.phase === 'ready' || status.phase === 'draining',
      restarts: status.restarts,
      reason: status.reason,
      startedAtMs: status.startedAtMs,
    };
  }

  get diagnostic(): Diagnostic | undefined {
    return this.#proxy?.status().diagnostic;
  }

  /** Sends clients elsewhere and waits until nothing is in progress. @param deadlineMs from now. */
  async drain(deadlineMs: number): Promise<void> {
    await this.#proxy?.drain(deadlineMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#renewal);
    await this.#proxy?.stop();
  }

  get #tokenFile(): string {
    return join(this.#spec.folder, 'xds', 'token');
  }

  async #writeToken(): Promise<void> {
    await replaceFile(this.#tokenFile, await this.#spec.issueToken());
  }

  #renewLater(delayMs: number): void {
    clearTimeout(this.#renewal);
    if (this.#isStopped) return;
    this.#renewal = setTimeout(() => void this.#renew(), delayMs);
    this.#renewal.unref();
  }

  async #renew(): Promise<void> {
    try {
      await this.#writeToken();
      this.#renewLater(TOKEN_RENEW_MS);
    } catch {
      // The old token is good for as long again; a full disk may have room by then.
      this.#renewLater(TOKEN_RETRY_MS);
    }
  }
}
