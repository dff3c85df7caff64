import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Answer, authorityOf, type CaseRequest, realAnswer } from '../../../src/cases/index.ts';
import { podViewOf } from '../../../src/embedded/controllers/pod-view.ts';
import { type Fleet, startFleet } from '../../../src/embedded/index.ts';
import type { CallOrder, CallResult } from './make-calls.ts';

/** The same fleet as on paper, with real processes and Envoys. */
export interface RealFleet {
  /** Makes the request as often as it says, from the workload it names. */
  answers(request: CaseRequest): Promise<readonly Answer[]>;
  stop(): Promise<void>;
}

const READY_MS = 60_000;
const CALLS_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const run = promisify(execFile);

/** Starts the fleet of a folder and waits until it is ready. @throws with what is not ready. */
export async function startRealFleet(folder: string): Promise<RealFleet> {
  const state = await mkdtemp(join(tmpdir(), 'pelagos-golden-'));
  const fleet = await startFleet({ dir: folder, env: { ...process.env, PELAGOS_STATE: state } });
  const stop = async (): Promise<void> => {
    await fleet.stop();
    await rm(state, { recursive: true, force: true });
  };
  if (await fleet.ready(READY_MS)) return { stop, answers: (request) => answersOf(fleet, request) };
  const { clusters } = fleet.status();
  const waiting = clusters.flatMap(({ pods }) => pods.filter(({ ready }) => !ready));
  await stop();
  throw new Error(`not ready in time: ${waiting.map(({ name, reason }) => `${name} (${reason})`).join(', ')}`);
}

async function answersOf(fleet: Fleet, request: CaseRequest): Promise<readonly Answer[]> {
  const { call, from, times } = request;
  if (call.scheme === 'https') throw new Error('calls that speak TLS themselves are not made here');
  const pod = podOf(fleet, request);
  const order: CallOrder = {
    ...call,
    scheme: call.scheme,
    authority: authorityOf(call),
    times,
    ...(from.kind === 'outside' ? { dial: socketOf(fleet, request, pod) } : {}),
  };
  const access = fleet.member(from.cluster)?.access(from.namespace, pod);
  const env = from.kind === 'outside' ? {} : { ...access?.env, PATH: process.env['PATH'] };
  const program = join(import.meta.dirname, 'make-calls.ts');
  const options = { env, timeout: CALLS_MS, maxBuffer: MAX_OUTPUT_BYTES };
  const { stdout } = await run(process.execPath, [program, JSON.stringify(order)], options);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const result = JSON.parse(line) as CallResult;
      return realAnswer({ status: result.status, headers: result.headers, body: result.body });
    });
}

function podOf(fleet: Fleet, { from }: CaseRequest): string {
  const pods = fleet.status().clusters.find(({ name }) => name === from.cluster)?.pods ?? [];
  const [kind = '', name] = from.workload.split('/');
  const found = pods.find((pod) => {
    if (pod.namespace !== from.namespace) return false;
    return kind === 'pod' || name === undefined
      ? pod.name === (name ?? kind)
      : pod.owner === from.workload || isOf(pod.owner, kind, name);
  });
  if (!found) throw new Error(`there is no pod of ${from.workload} in ${from.cluster}/${from.namespace}`);
  return found.name;
}

function isOf(owner: string, kind: string, name: string): boolean {
  const [ownerKind, ownerName] = owner.split('/');
  return ownerKind?.toLowerCase() === kind.toLowerCase() && ownerName === name;
}

/** The real socket behind a port of a pod; a gateway's port may be another one of its container. */
function socketOf(
  fleet: Fleet,
  { from }: CaseRequest,
  name: string,
): { readonly address: string; readonly port: number } {
  const [stored] = fleet.member(from.cluster)?.store.findStored({ kind: 'Pod', namespace: from.namespace, name }) ?? [];
  const view = stored && podViewOf(stored);
  const port = from.kind === 'outside' ? from.port : 0;
  const target = view?.ports.find((pair) => pair.port === port)?.target ?? port;
  const socket = view?.sockets.get(target);
  if (!socket) throw new Error(`${name} has no port ${port}`);
  return socket;
}
