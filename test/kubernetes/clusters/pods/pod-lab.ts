/** What the tests of pods share: a cluster, callers in it, and who else is there. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CertificateAuthority } from '../../../../src/security/index.ts';
import { mustRun } from '../../harness/command.ts';
import type { Lab } from '../../harness/lab.ts';
import { EAST } from '../../harness/two-regions.ts';
import { OWN_GATEWAY } from './gateways.ts';
import { CALLERS, type KeyPair, list, namespaces, workloads } from './manifests.ts';
import { PodCalls } from './pod-calls.ts';

export const CLIENT = 'shop/deployment/client';
export const SERVER_POD = 'shop/deployment/server';
export const PLAIN = 'legacy/deployment/plain';
export const BY_CLIENT = 'spiffe://cluster.local/ns/shop/sa/client';

/** As the API server gives it; what is looked at here. */
export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec: {
    readonly initContainers?: readonly ContainerObject[];
    readonly containers: readonly ContainerObject[];
    readonly volumes?: readonly { readonly name: string }[];
  };
  readonly status: { readonly podIP: string };
}

export interface ContainerObject {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly readinessProbe?: { readonly httpGet?: { readonly port: unknown } };
  readonly startupProbe?: unknown;
  readonly resources: unknown;
  readonly volumeMounts?: readonly { readonly name: string }[];
}

/** A certificate authority that the mesh knows nothing of. */
export interface OutsideAuthority {
  /** In PEM. */
  readonly root: string;
  issue(name: string): KeyPair;
}

export function outsideAuthority(): OutsideAuthority {
  const ca = CertificateAuthority.createRoot('outside', { trustDomain: 'example.com', now: Date.now });
  return {
    root: ca.root.pem,
    issue: (name) => {
      const issued = ca.issueServer([{ kind: 'dns', name }], { ttlMs: 3_600_000 });
      return { key: issued.privateKeyPem, certificate: issued.certificateChainPem };
    },
  };
}

/** Pods of us-east, who call each other and this machine. */
export class PodLab {
  readonly lab: Lab;
  readonly calls: PodCalls;
  /** Of an application that has its own TLS. */
  readonly authority: OutsideAuthority = outsideAuthority();
  /** On this machine: at a port number that is of HTTP in the mesh, and at one that nobody there has. */
  readonly #outside = [0, 0].map(() => createServer((_request, response) => response.end('outside')));
  #outsideUrls: readonly string[] = [];

  private constructor(lab: Lab) {
    this.lab = lab;
    this.calls = new PodCalls(lab, EAST);
  }

  /** In a cluster where the mesh is installed. */
  static async start(lab: Lab): Promise<PodLab> {
    const pods = new PodLab(lab);
    await pods.#start();
    return pods;
  }

  /** Where callers reach this machine. */
  get outsideUrls(): readonly string[] {
    return this.#outsideUrls;
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return this.lab.kubectl(EAST, ...args);
  }

  async apply(...objects: Parameters<typeof list>[0]): Promise<void> {
    await this.lab.apply(EAST, list(objects));
  }

  /** A pod that runs. */
  async podOf(namespace: string, app: string): Promise<PodObject> {
    return JSON.parse(
      await this.kubectl('get', 'pods', '-n', namespace, '-l', `app=${app}`, '-o', 'jsonpath={.items[0]}'),
    );
  }

  /** The pod as it would be, all webhooks asked. @throws Error with what the API server said. */
  async asked(object: object): Promise<PodObject> {
    const args = ['--context', EAST, 'create', '--dry-run=server', '-o', 'json', '-f', '-'];
    return JSON.parse(await mustRun('kubectl', args, { env: this.lab.env, input: JSON.stringify(object) }));
  }

  async gatewayAddress(namespace: string, name: string): Promise<string> {
    return await this.kubectl(
      'get',
      'service',
      '-n',
      namespace,
      name,
      '-o',
      'jsonpath={.status.loadBalancer.ingress[0].ip}',
    );
  }

  async istioctl(...args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await this.lab.istioctl(...args, '--context', EAST);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  }

  async rolledOut(namespace: string, ...workloads: readonly string[]): Promise<void> {
    await this.kubectl('rollout', 'status', '-n', namespace, ...workloads, '--timeout=60s');
  }

  async stop(): Promise<void> {
    for (const server of this.#outside) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  async #start(): Promise<void> {
    const ports = await Promise.all(this.#outside.map((server, index) => this.#listen(server, index === 0 ? 80 : 0)));
    this.#outsideUrls = ports.map((port) => `http://${this.lab.hostAddress}:${port}/`);
    await this.apply(...namespaces(this.authority.issue('secure.example.com')));
    await this.apply(...workloads(ports[1] ?? 0));
    await this.apply(...OWN_GATEWAY);
    const servers = ['server', 'client', 'apart', 'by-command', 'unwell'].map((name) => `deployment/${name}`);
    await this.rolledOut('shop', ...servers);
    await this.apply(...CALLERS);
    await this.rolledOut('shop', 'statefulset/set');
    await this.rolledOut('legacy', 'deployment/plain');
    await this.rolledOut('revised', 'deployment/new');
    await this.rolledOut('edge', 'deployment/gate');
  }

  async #listen(server: Server, port: number): Promise<number> {
    server.listen(port, this.lab.hostAddress);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }
}
