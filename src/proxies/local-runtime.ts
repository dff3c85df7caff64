import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Diagnostic, diagnose } from '../diagnostics/index.ts';
import { bootstrap } from './bootstrap.ts';
import { EnvoyProcess } from './envoy-process.ts';
import type { ProcessLauncher } from './process-launcher.ts';
import type { ProxyRuntime, ProxySpec, RunningProxy } from './proxy-runtime.ts';

/** sockaddr_un's path, less its end mark: 108 bytes on Linux, 104 on macOS and the BSDs. */
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Linux takes arguments of at most 128 KiB each (MAX_ARG_STRLEN). */
const MAX_BOOTSTRAP_BYTES = 131_071;

/**
 * Time over which closed connections are spread when a listener goes or changes (Istio: drainDuration). Envoy's own
 * default is 600 s, which would keep old filter chains around.
 */
const DRAIN_TIME_S = 45;
const STOP_GRACE_MS = 3_000;

/** A proxy that cannot be started as asked. */
export class ProxyError extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    super(`${diagnostic.message}. ${diagnostic.cause} ${diagnostic.remedy} [${diagnostic.code}]`);
    this.name = 'ProxyError';
    this.diagnostic = diagnostic;
  }
}

/** Runs Envoys as processes of this machine. Each is one worker thread and gets its configuration by argument. */
export class LocalProxyRuntime implements ProxyRuntime {
  readonly #envoyPath: string;
  readonly #launcher: ProcessLauncher;

  constructor(envoyPath: string, launcher: ProcessLauncher) {
    this.#envoyPath = envoyPath;
    this.#launcher = launcher;
  }

  /** @throws ProxyError `PEL5010` where the path of the admin socket or the bootstrap is too long. */
  start(spec: ProxySpec): RunningProxy {
    const { adminSocket } = spec.bootstrap;
    const config = JSON.stringify(bootstrap(spec.bootstrap));
    refuseOver(MAX_SOCKET_PATH_BYTES, Buffer.byteLength(adminSocket), {
      what: `the path of the admin socket ${adminSocket} (${Buffer.byteLength(adminSocket)} bytes)`,
      remedy: 'Set $PELAGOS_STATE to a folder with a shorter path.',
    });
    refuseOver(MAX_BOOTSTRAP_BYTES, Buffer.byteLength(config), {
      what: `the bootstrap of ${spec.name} (${Buffer.byteLength(config)} bytes)`,
      remedy: 'Give the workload fewer ports.',
    });
    mkdirSync(dirname(adminSocket), { recursive: true, mode: 0o700 });
    const launched = this.#launcher.start({
      name: spec.name,
      command: this.#envoyPath,
      args: envoyArguments(config, spec.logLevel ?? 'warning'),
      env: {},
      cwd: dirname(adminSocket),
      logFile: spec.logFile,
      restart: 'always',
      stopGraceMs: STOP_GRACE_MS,
      ...(spec.maxLogBytes === undefined ? {} : { maxLogBytes: spec.maxLogBytes }),
    });
    return new EnvoyProcess(spec, launched);
  }
}

/** Hot restart is off, because its base ids clash between the Envoys of one machine. */
function envoyArguments(config: string, logLevel: string): readonly string[] {
  return [
    '--disable-hot-restart',
    ...['--concurrency', '1'],
    ...['--log-level', logLevel],
    ...['--drain-time-s', String(DRAIN_TIME_S)],
    ...['--drain-strategy', 'immediate'],
    ...['--config-yaml', config],
  ];
}

function refuseOver(limit: number, size: number, text: { readonly what: string; readonly remedy: string }): void {
  if (size > limit) throw new ProxyError(diagnose('PEL5010', { ...text, limit: `${limit} bytes` }));
}
