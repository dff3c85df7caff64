import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, authorityOf, type CaseRequest, realAnswer } from '../../../src/cases/index.ts';
import type { CallOrder, CallResult } from '../../golden/harness/make-calls.ts';
import type { Lab } from '../harness/lab.ts';
import type { CaseCluster } from './case-cluster.ts';

/** What came of a request, and whether it was the caller's resolver that knew no such name. */
export interface CaseAnswers {
  readonly answers: readonly Answer[];
  readonly isUnknownName: boolean;
}

const PROGRAM = join(import.meta.dirname, '..', '..', 'golden', 'harness', 'make-calls.ts');

/** What Node says of a name without an address. */
const UNKNOWN_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENODATA']);

/** Makes a request from the pod that it names, by the program that embedded mode's test runs too; or from this machine. */
export async function answersOf(lab: Lab, cluster: CaseCluster, request: CaseRequest): Promise<CaseAnswers> {
  const { call, from, times } = request;
  if (call.scheme === 'https') throw new Error('calls that speak TLS themselves are not made here');
  const order: CallOrder = { ...call, scheme: call.scheme, authority: authorityOf(call), times };
  const text =
    from.kind === 'outside'
      ? await lab.run(process.execPath, [
          PROGRAM,
          JSON.stringify({ ...order, dial: await socketOf(lab, cluster, from) } satisfies CallOrder),
        ])
      : await inPod(lab, cluster, { from, order });
  if (text.code !== 0) throw new Error(text.stderr);
  const results = text.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CallResult);
  return {
    answers: results.map(({ status, headers, body }) => realAnswer({ status, headers, body })),
    isUnknownName: results.length > 0 && results.every(({ error }) => UNKNOWN_NAME.has(error ?? '')),
  };
}

async function inPod(
  lab: Lab,
  cluster: CaseCluster,
  { from, order }: { readonly from: CaseRequest['from']; readonly order: CallOrder },
): ReturnType<Lab['run']> {
  const { name } = await cluster.pod(from.namespace, from.workload);
  const node = ['node', '--input-type=module-typescript', '--no-warnings', '-', JSON.stringify(order)];
  const args = ['--context', cluster.name, 'exec', '-i', '-n', from.namespace, name, '--', ...node];
  return lab.run('kubectl', args, { input: readFileSync(PROGRAM, 'utf8') });
}

/** Where somebody outside of the mesh calls: a gateway's load balancer, or a pod itself. */
async function socketOf(
  lab: Lab,
  cluster: CaseCluster,
  from: Extract<CaseRequest['from'], { kind: 'outside' }>,
): Promise<{ readonly address: string; readonly port: number }> {
  const [, name = ''] = from.workload.split('/');
  const balancer = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
  const service = ['get', 'service', '-n', from.namespace, name, '--ignore-not-found', '-o', balancer];
  const address = (await lab.kubectl(cluster.name, ...service)).trim();
  if (address !== '') return { address, port: from.port };
  return { address: (await cluster.pod(from.namespace, from.workload)).address, port: from.port };
}
