import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BootstrapSpec, XdsFiles } from '../../src/proxies/index.ts';
import { replaceFile, writeXdsFiles } from '../../src/proxies/index.ts';
import { CertificateAuthority } from '../../src/security/index.ts';
import { AdsServer, CDS, LDS } from '../../src/xds/index.ts';
import { envoyResource } from '../../src/xds/testing/envoy-json.ts';
import { MemoryMesh } from '../../src/xds/testing/memory-feed.ts';

const SERVER_NAME = 'istiod.istio-system.svc';
const TYPE = 'type.googleapis.com/envoy.extensions.filters';

/** A real xDS server, on the loopback unless it is told another address, with one listener and one cluster, and what it was told by those who connected. */
export class ControlPlaneStand {
  readonly tokens: string[] = [];
  readonly nodes: { readonly id: string; readonly metadata: Readonly<Record<string, unknown>> }[] = [];
  readonly #folder: string;
  readonly #host: string;
  readonly #mesh = new MemoryMesh();
  #authority = newAuthority();
  #token = '';
  #server: AdsServer | undefined;
  port = 0;

  constructor(folder: string, host = '127.0.0.1') {
    this.#folder = folder;
    this.#host = host;
    mkdirSync(join(folder, 'trust'), { recursive: true, mode: 0o700 });
    mkdirSync(join(folder, 'token'), { recursive: true, mode: 0o700 });
  }

  async start(): Promise<void> {
    const issued = this.#authority.issueServer([{ kind: 'dns', name: SERVER_NAME }], { ttlMs: 3_600_000 });
    this.#server = new AdsServer({
      host: this.#host,
      port: this.port,
      tls: { certPem: issued.certificateChainPem, keyPem: issued.privateKeyPem },
      controlPlane: 'test',
      admit: async ({ authorization, node }) => {
        this.tokens.push(authorization ?? '');
        this.nodes.push(node);
        if (authorization !== `Bearer ${this.#token}`) return { kind: 'refused', reason: 'This token is not known.' };
        return { kind: 'admitted', feed: this.#mesh.feed(), cluster: 'cluster1', namespace: 'default', pod: node.id };
      },
    });
    this.port = await this.#server.listen();
  }

  async stop(): Promise<void> {
    await this.#server?.close();
  }

  /** The one token that is good from now on. */
  writeToken(token: string): Promise<void> {
    this.#token = token;
    return replaceFile(join(this.#folder, 'token', 'token'), token);
  }

  /** A new root of trust: known to the proxies at once, to the server at its next start. */
  async replaceRoot(): Promise<void> {
    this.#authority = newAuthority();
    await this.writeRoots();
  }

  writeRoots(): Promise<void> {
    return replaceFile(join(this.#folder, 'trust', 'roots.pem'), this.#authority.root.pem);
  }

  files(podFolder: string): Promise<XdsFiles> {
    return writeXdsFiles(podFolder, {
      tokenFile: join(this.#folder, 'token', 'token'),
      rootsFile: join(this.#folder, 'trust', 'roots.pem'),
    });
  }

  /** One inbound HTTP listener in front of an application. */
  serve(name: string, ports: { readonly listen: number; readonly app: number }): void {
    this.#mesh.put(envoyResource(CDS, name, clusterJson(name, ports.app)), true);
    this.#mesh.put(envoyResource(LDS, name, listenerJson(name, ports.listen)), true);
  }

  bootstrapSpec(podFolder: string, files: XdsFiles): BootstrapSpec {
    return {
      kind: 'sidecar',
      cluster: 'cluster1',
      network: 'network1',
      namespace: 'default',
      pod: 'service-0',
      address: '127.0.0.1',
      workload: 'service',
      serviceAccount: 'default',
      locality: { region: 'us-east', zone: '', subzone: '' },
      interception: { kind: 'ports', httpProxy: { address: '127.0.0.1', port: 15001 }, inbound: [] },
      gatewayBinds: [],
      controlPlane: { address: '127.0.0.1', port: this.port, serverName: SERVER_NAME, files },
      adminSocket: join(podFolder, 'admin.sock'),
    };
  }
}

function newAuthority(): CertificateAuthority {
  return CertificateAuthority.createRoot('cluster1', { trustDomain: 'cluster.local', now: Date.now });
}

function address(port: number): { readonly socket_address: { readonly address: string; readonly port_value: number } } {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function clusterJson(name: string, port: number): Parameters<typeof envoyResource>[2] {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }];
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints },
  };
}

function listenerJson(name: string, port: number): Parameters<typeof envoyResource>[2] {
  const routes = [{ match: { prefix: '/' }, route: { cluster: name, timeout: '30s' } }];
  const hcm = {
    '@type': `${TYPE}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: `inbound_127.0.0.1_${port}`,
    route_config: { name, virtual_hosts: [{ name, domains: ['*'], routes }] },
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': `${TYPE}.http.router.v3.Router` } }],
  };
  return {
    name,
    traffic_direction: 'INBOUND',
    address: address(port),
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: hcm }] }],
  };
}
