import { chmodSync, chownSync, copyFileSync, linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { ControlPlane } from '../../src/control-plane/index.ts';
import { type ClusterId, DEFAULT_MESH_CONFIG, type MeshConfig, NO_LOCALITY } from '../../src/model/index.ts';
import { AdminClient, bootstrap, writeXdsFiles } from '../../src/proxies/index.ts';
import { formatRedirectRules, PROXY_UID } from '../../src/proxies/injection/redirect-rules.ts';
import type { RedirectScope } from '../../src/proxies/injection/redirect-scope.ts';
import { CertificateAuthority, KeyTokenReviewer, TokenIssuer, TrustBundle } from '../../src/security/index.ts';
import { MemorySource } from '../../src/sources/index.ts';
import { type Answer, PodNetwork } from './pod-network.ts';

const CLUSTER = 'cluster1' as ClusterId;
const context = { trustDomain: 'cluster.local', now: () => Date.now() };

/** All traffic, which is what pods get unless they say otherwise. */
const ALL: RedirectScope = {
  includeOutbound: 'all',
  excludeOutbound: [],
  includeInboundPorts: 'all',
  excludeInboundPorts: [],
  includeOutboundPorts: [],
  excludeOutboundPorts: [],
  interfaces: [],
};

export interface RedirectedPod {
  readonly name: string;
  readonly address: string;
  readonly sidecar: boolean;
}

/** A mesh of pods in network namespaces: our control plane, real Envoys, the kernel's own redirection. */
export class RedirectedMesh {
  readonly network: PodNetwork = new PodNetwork();
  readonly source: MemorySource = new MemorySource(CLUSTER);
  readonly plane: ControlPlane;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pelagos-redirect-'));
  readonly #ca = CertificateAuthority.createRoot(CLUSTER, context);
  readonly #issuer = TokenIssuer.create({ issuer: CLUSTER, now: context.now });
  readonly #envoy: string;
  readonly #admins = new Map<string, AdminClient>();

  constructor(envoy: string, meshConfig: Partial<MeshConfig> = {}) {
    chmodSync(this.#folder, 0o755);
    this.#envoy = join(this.#folder, 'envoy');
    linkOrCopy(envoy, this.#envoy);
    const trust = new TrustBundle(context);
    trust.set(CLUSTER, [this.#ca.root.pem]);
    const keys = [this.#issuer.publicKey];
    const tokens = new KeyTokenReviewer({
      cluster: CLUSTER,
      issuer: CLUSTER,
      audience: 'istio-ca',
      keys: () => keys,
      now: context.now,
    });
    this.plane = new ControlPlane({
      cluster: CLUSTER,
      members: [{ id: CLUSTER, network: '', source: this.source, config: true, tokens }],
      listen: { address: this.network.host, port: 0 },
      ca: this.#ca,
      trust,
      meshConfig: { ...DEFAULT_MESH_CONFIG, ...meshConfig },
      now: context.now,
      log: pino({ level: 'silent' }),
    });
  }

  async open(pods: readonly RedirectedPod[]): Promise<void> {
    await this.network.open();
    for (const { name, address } of pods) await this.network.addPod(name, address);
    await this.plane.start();
    const server = this.#ca.issueServer([{ kind: 'dns', name: 'secure.test' }], { ttlMs: 3_600_000 });
    writeFileSync(join(this.#folder, 'key.pem'), server.privateKeyPem);
    writeFileSync(join(this.#folder, 'certificate.pem'), server.certificateChainPem);
    for (const pod of pods) {
      this.#startApp(pod.name);
      if (pod.sidecar) await this.#startSidecar(pod);
    }
    for (const { name, sidecar } of pods) if (sidecar) await this.#ready(name);
  }

  /** Every proxy has taken the last change. */
  settled(): Promise<void> {
    return this.plane.settled(10_000);
  }

  curl(pod: string, ...args: readonly string[]): Promise<Answer> {
    return this.network.exec(pod, ['curl', '-s', '--max-time', '10', ...args]);
  }

  async admin(pod: string, path: string): Promise<string> {
    return (await this.#admins.get(pod)?.get(path))?.body ?? '';
  }

  async close(): Promise<void> {
    await this.network.close();
    await this.plane.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #startApp(name: string): void {
    const files = [join(this.#folder, 'key.pem'), join(this.#folder, 'certificate.pem')];
    this.network.spawn(name, [process.execPath, join(import.meta.dirname, 'pod-app.ts'), name, ...files]);
  }

  async #startSidecar({ name, address }: RedirectedPod): Promise<void> {
    for (const family of [4, 6] as const) await this.network.redirect(name, formatRedirectRules(ALL, family), family);
    const folder = join(this.#folder, name);
    mkdirSync(folder, { mode: 0o700 });
    const subject = { namespace: 'default', serviceAccount: { name, uid: 'u' }, pod: { name, uid: 'u' } };
    const token = await this.#issuer.issue(subject, { audiences: ['istio-ca'], ttlMs: 600_000 });
    const sources = { tokenFile: join(folder, 'token'), rootsFile: join(folder, 'roots.pem') };
    writeFileSync(sources.tokenFile, token);
    writeFileSync(sources.rootsFile, this.#ca.root.pem);
    const files = await writeXdsFiles(folder, sources);
    for (const path of [folder, ...Object.values(sources), ...Object.values(files)])
      chownSync(path, PROXY_UID, PROXY_UID);
    const config = bootstrap({
      kind: 'sidecar',
      cluster: CLUSTER,
      network: '',
      namespace: 'default',
      pod: name,
      address,
      workload: name,
      serviceAccount: name,
      locality: NO_LOCALITY,
      interception: { kind: 'redirect', inboundPort: 15006, outboundPort: 15001 },
      gatewayBinds: [],
      controlPlane: { ...this.plane.address, serverName: 'istiod.istio-system.svc', files },
      adminSocket: join(folder, 'admin.sock'),
    });
    this.#admins.set(name, new AdminClient(join(folder, 'admin.sock')));
    const args = [
      '--disable-hot-restart',
      '--concurrency',
      '2',
      '-l',
      process.env['ENVOY_LOG'] ?? 'warning',
      '--config-yaml',
      JSON.stringify(config),
    ];
    this.network.spawn(name, [this.#envoy, ...args], { user: PROXY_UID });
  }

  async #ready(name: string): Promise<void> {
    const end = Date.now() + 20_000;
    for (;;) {
      const readiness = await this.#admins
        .get(name)
        ?.readiness()
        .catch(() => undefined);
      if (readiness === 'LIVE') return;
      if (Date.now() > end) throw new Error(`the proxy of ${name} is not ready: ${this.network.log.join('')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Another user has to reach the file, and may not enter the folder that it is in. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
    chmodSync(to, 0o755);
  }
}
