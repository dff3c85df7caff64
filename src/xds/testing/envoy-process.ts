import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The Envoy that tests run: `$PELAGOS_ENVOY`, or the first on the PATH. undefined where there is none. */
export function findTestEnvoy(): string | undefined {
  const candidates = [
    process.env['PELAGOS_ENVOY'] ?? '',
    ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'envoy')),
  ];
  return candidates.find((path) => path !== '' && existsSync(path));
}

/** What the bootstrap needs to know. */
export interface BootstrapInput {
  readonly nodeId: string;
  readonly xdsPort: number;
  /** PEM of whom the control plane's certificate must come from. */
  readonly trustedCaPem: string;
  /** A file with one SDS resource `xds-token` ({@link writeTokenFiles}). */
  readonly tokenSdsPath: string;
  readonly tokenFolder: string;
  readonly adminSocket: string;
}

/**
 * A bootstrap without any agent: delta ADS over TLS, the bearer token put on the stream by `credential_injector` as an
 * upstream HTTP filter of the xDS cluster, read from a file that may be rotated.
 */
export function bootstrapOf(input: BootstrapInput): unknown {
  return {
    node: { id: input.nodeId, cluster: 'cluster1', locality: { region: 'region1', zone: 'zone1' } },
    admin: { address: { pipe: { path: input.adminSocket, mode: 0o600 } } },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }],
      },
      cds_config: { ads: {}, resource_api_version: 'V3' },
      lds_config: { ads: {}, resource_api_version: 'V3' },
    },
    static_resources: { clusters: [xdsCluster(input)] },
  };
}

function xdsCluster(input: BootstrapInput): unknown {
  return {
    name: 'xds',
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: 'xds',
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: input.xdsPort } } } },
          ],
        },
      ],
    },
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
        sni: 'xds.test',
        common_tls_context: {
          validation_context: {
            trusted_ca: { inline_string: input.trustedCaPem },
            match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'xds.test' } }],
          },
        },
      },
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '5s' } },
        },
        http_filters: [tokenInjector(input), upstreamCodec()],
      },
    },
  };
}

function tokenInjector(input: BootstrapInput): unknown {
  return {
    name: 'envoy.filters.http.credential_injector',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector',
      overwrite: true,
      credential: {
        name: 'envoy.http.injected_credentials.generic',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic',
          credential: {
            name: 'xds-token',
            sds_config: {
              resource_api_version: 'V3',
              path_config_source: { path: input.tokenSdsPath, watched_directory: { path: input.tokenFolder } },
            },
          },
          header: 'authorization',
          header_value_prefix: 'Bearer ',
        },
      },
    },
  };
}

function upstreamCodec(): unknown {
  return {
    name: 'envoy.filters.http.upstream_codec',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec' },
  };
}

/**
 * The token and the SDS resource that names it. Files are moved into place: Envoy sees a move into a watched folder,
 * not a write. @returns the SDS resource's path.
 */
export async function writeTokenFiles(folder: string, token: string): Promise<string> {
  const tokenPath = join(folder, 'token');
  const sdsPath = join(folder, 'token-sds.json');
  await writeFile(`${tokenPath}.new`, token, { mode: 0o600 });
  await rename(`${tokenPath}.new`, tokenPath);
  const secret = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
    name: 'xds-token',
    generic_secret: { secret: { filename: tokenPath } },
  };
  await writeFile(`${sdsPath}.new`, JSON.stringify({ resources: [secret] }));
  await rename(`${sdsPath}.new`, sdsPath);
  return sdsPath;
}

/** One running Envoy with its folder; {@link TestEnvoy.stop} leaves nothing behind. */
export class TestEnvoy {
  readonly folder: string;
  readonly adminSocket: string;
  #process: ChildProcess | undefined;
  #log = '';

  private constructor(folder: string) {
    this.folder = folder;
    this.adminSocket = join(folder, 'admin.sock');
  }

  static async prepare(): Promise<TestEnvoy> {
    return new TestEnvoy(await mkdtemp(join(tmpdir(), 'pelagos-xds-')));
  }

  /** What Envoy has logged. */
  get log(): string {
    return this.#log;
  }

  start(envoy: string, bootstrap: unknown): void {
    this.#process = spawn(
      envoy,
      ['--disable-hot-restart', '--concurrency', '1', '-l', 'warning', '--config-yaml', JSON.stringify(bootstrap)],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString('utf8')).slice(-100_000);
    });
  }

  async stop(): Promise<void> {
    const running = this.#process;
    if (running && running.exitCode === null) {
      const exited = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGKILL');
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  /** GET on the admin interface. */
  async admin(path: string): Promise<string> {
    const answer = await get({ socketPath: this.adminSocket, path });
    return answer.body;
  }
}

/** A GET without keep-alive. @throws where no connection is made within five seconds. */
export function get(options: {
  readonly socketPath?: string;
  readonly port?: number;
  readonly path?: string;
  readonly host?: string;
}): Promise<{ readonly status: number; readonly body: string }> {
  const { host, ...target } = options;
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const headers = host === undefined ? {} : { host };
    const call = request(
      { ...target, hostname: '127.0.0.1', agent, headers, timeout: 5_000 },
      (answer: IncomingMessage) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
        answer.on('error', reject);
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer within five seconds')));
    call.on('error', reject);
    call.end();
  });
}

/** Waits until the check holds. @throws with the last reason after `timeoutMs`. */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 15_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
