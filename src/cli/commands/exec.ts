import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { PodAccess } from '../../embedded/fleet-api.ts';
import { AdminClient } from '../../proxies/index.ts';
import { notFoundError, usageError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import { requireFleet } from '../mesh/choose-target.ts';
import { findPod } from '../target.ts';

/** What shells give for a command that is not there. */
const NOT_FOUND = 127;
/** A command that a signal ended: 128 and its number. */
const SIGNALLED = 128;
/** Of the caller's own environment: what programs need to find things and to write to a terminal. */
const PASSED_ON = ['PATH', 'TERM', 'LANG', 'LC_ALL', 'TMPDIR'] as const;

export const run: RunCommand = async (call) => {
  requireFleet(call, 'exec');
  const [target, ...command] = call.args;
  const [program, ...args] = command;
  if (!target || !program)
    throw usageError(
      'there is no command to run',
      'Write it after `--`: `pelagos exec deployment/service -- curl -s http://service.cluster2`.',
    );
  const client = connectFleet(call);
  const { cluster, pod } = await findPod(client, call, target);
  const access = await client.pod(cluster, pod.namespace, pod.name);
  if (call.options.text('container') === 'istio-proxy') return askEnvoy(call, access, command);
  checkContainer(call, access);
  return runAs(call, access, [program, ...args]);
};

function checkContainer({ options }: CommandCall, { logs, pod }: PodAccess): void {
  const container = options.text('container');
  if (container === undefined || container === 'app' || container in logs) return;
  throw notFoundError(
    `the pod ${pod.name} has no container "${container}"`,
    `It has: ${Object.keys(logs).join(', ')}.`,
    'Leave `-c` out for the app.',
  );
}

/** The container istio-proxy holds Envoy alone; what people run there is `pilot-agent request`. */
async function askEnvoy(
  { terminal }: CommandCall,
  { adminSocket, pod }: PodAccess,
  command: readonly string[],
): Promise<number> {
  const [program, verb, method = '', path = ''] = command;
  if (!adminSocket)
    throw notFoundError(
      `the pod ${pod.name} has no Envoy`,
      'It is not in the mesh.',
      'Label its namespace `istio-injection=enabled`.',
    );
  if (program !== 'pilot-agent' || verb !== 'request' || !/^(?:GET|POST)$/i.test(method) || path === '') {
    throw usageError(
      'the container istio-proxy holds nothing but Envoy',
      'Ask its admin interface with `-- pilot-agent request GET stats` (or POST); run other commands in the app.',
    );
  }
  const admin = new AdminClient(adminSocket);
  const where = `/${path.replace(/^\//, '')}`;
  const answer = method.toUpperCase() === 'GET' ? await admin.get(where) : await admin.post(where);
  terminal.out(answer.body.endsWith('\n') ? answer.body : `${answer.body}\n`);
  return answer.status < 400 ? 0 : 1;
}

function runAs(
  { options, env, terminal }: CommandCall,
  access: PodAccess,
  [program = '', ...args]: readonly string[],
): Promise<number> {
  const passedOn = Object.fromEntries(
    PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
  const child = spawn(program, args, {
    cwd: access.workingDir,
    env: { ...passedOn, ...access.env },
    stdio: [options.flag('stdin') ? 'inherit' : 'ignore', 'inherit', 'inherit'],
  });
  // The terminal sends Ctrl-C to the command as well; that one decides what it does with it.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore);
  const pass = (): void => void child.kill('SIGTERM');
  process.on('SIGTERM', pass);
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') return reject(error);
      terminal.err(
        `error exec ${program}: there is no such command on this machine\n  why:  the pods of a fleet have no images: exec runs the commands of your machine.\n  do:   install ${program}, or use another command.\n`,
      );
      resolve(NOT_FOUND);
    });
    child.once('exit', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', pass);
      resolve(code ?? SIGNALLED + (signal ? constants.signals[signal] : 0));
    });
  });
}
