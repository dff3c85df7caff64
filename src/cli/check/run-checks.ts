import { setTimeout as sleep } from 'node:timers/promises';
import { explainError } from '../kubernetes/explain-error.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { type Check, failure, skipped, type Verdict } from './check.ts';
import { meshFacts } from './mesh-facts.ts';

const RETRY_MS = 1_000;

export interface CheckResult {
  readonly check: Check;
  readonly verdict: Verdict;
}

export interface CheckRun {
  readonly cluster: KubernetesCluster;
  readonly checks: readonly Check[];
  /** A check that fails is made again until then, in milliseconds since the epoch. */
  readonly untilMs: number;
  readonly now: () => number;
  readonly onStart: (check: Check) => void;
  readonly onEnd: (result: CheckResult) => void;
}

/** Makes the checks one after the other. After a fatal failure the others are skipped. */
export async function runChecks(run: CheckRun): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  let facts = meshFacts(run.cluster);
  let fatal: Check | undefined;
  for (const check of run.checks) {
    run.onStart(check);
    let verdict: Verdict = fatal ? skipped(`it needs that ${fatal.text}`) : skipped('');
    while (!fatal) {
      verdict = await judge(check, { cluster: run.cluster, facts, now: run.now });
      if (verdict.kind !== 'failure' || run.now() >= run.untilMs) break;
      await sleep(RETRY_MS);
      facts = meshFacts(run.cluster);
    }
    if (verdict.kind === 'failure' && check.isFatal) fatal = check;
    const result = { check, verdict };
    results.push(result);
    run.onEnd(result);
  }
  return results;
}

async function judge(check: Check, context: Parameters<Check['run']>[0]): Promise<Verdict> {
  try {
    return await check.run(context);
  } catch (error) {
    const told = explainError(error);
    if (!told) throw error;
    // What may not be looked at is not known to be wrong.
    return told.code === 'PEL7104' ? skipped(told.message) : failure(`${told.message} (${told.code})`);
  }
}
