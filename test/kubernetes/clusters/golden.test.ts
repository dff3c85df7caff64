/**
 * The golden cases on two real clusters, each with a control plane of its own, as in embedded mode: the same files, the calls
 * made by real pods. PELAGOS_CASES, a regular expression, chooses among all of them.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CaseRequest, compareAnswers } from '../../../src/cases/index.ts';
import { CATALOGUE, type CatalogueEntry, type Severity } from '../../../src/diagnostics/index.ts';
import { readCaseFolders } from '../../golden/harness/case-folder.ts';
import { answersOf } from '../golden/case-calls.ts';
import { OTHERWISE, SHOWN_BY_OTHERS, UNSUITED } from '../golden/case-choice.ts';
import { CaseCluster } from '../golden/case-cluster.ts';
import { type Manifest, readManifests } from '../golden/case-manifests.ts';
import { IMAGE, type Lab, startLab, withoutLab } from '../harness/lab.ts';
import { nameOutside } from '../harness/outside-names.ts';

const skip = withoutLab();
const ECHO = join(import.meta.dirname, '..', '..', '..', 'src', 'embedded', 'echo', 'main.ts');
const NAMES = ['cluster1', 'cluster2'] as const;

/** Hosts outside of the mesh that cases call. */
const OUTSIDE = ['service.cloud.provider.com', 'api.partner.example'];

/** What a change takes at most to be seen by all: kubelet and CoreDNS take their time for a new zone. */
const SEEN_MS = 100_000;

const pattern = process.env['PELAGOS_CASES'];
const isChosen = (name: string): boolean => (pattern ? new RegExp(pattern).test(name) : !(name in SHOWN_BY_OTHERS));
const chosen = readCaseFolders().filter(({ name }) => isChosen(name) && !(name in UNSUITED));
const manifestsOf = new Map(
  await Promise.all(chosen.map(async ({ name, folder }) => [name, await readManifests(folder)] as const)),
);

describe('the golden cases', { skip }, () => {
  let lab: Lab;
  let clusters: readonly CaseCluster[];
  let outside: { close(): Promise<void> } | undefined;

  before(async () => {
    lab = await startLab(NAMES);
    outside = await startOutside(lab);
    await Promise.all(NAMES.map((name) => install(lab, name)));
    await joinClusters(lab);
    clusters = NAMES.map((name) => new CaseCluster(lab, name));
  });
  after(async () => {
    await outside?.close();
    await lab?.down();
  });

  for (const [name, reason] of Object.entries(UNSUITED)) {
    if (isChosen(name)) test(name, { skip: reason }, () => {});
  }

  // Cases with the same workloads one after the other, which then stay.
  for (const { name, case: wanted } of chosen.toSorted((a, b) => compareText(workloads(a.name), workloads(b.name)))) {
    test(name, { concurrency: true }, async (context) => {
      const manifests = manifestsOf.get(name) ?? new Map<string, readonly Manifest[]>();
      const broken = wanted.diagnostics.filter(({ code }) => severityOf(code) === 'error').map(({ object }) => object);
      const refused = await Promise.all(clusters.map((each) => each.hold(manifests.get(each.name) ?? [], broken)));
      assert.deepEqual(refused.flat(), broken, 'objects that embedded mode reports are refused here');
      const calls = wanted.requests.map((request) => {
        const { want } = OTHERWISE[`${name}: ${request.name}`] ?? {};
        return context.test(request.name, () => check({ ...request, want: { ...request.want, ...want } }, wanted.why));
      });
      await Promise.all(calls);
    });
  }

  async function check(request: CaseRequest, why: string): Promise<void> {
    const cluster = clusters.find(({ name }) => name === request.from.cluster);
    assert.ok(cluster, `there is no ${request.from.cluster}`);
    await lab.eventually(
      request.name,
      async () => {
        const { answers, isUnknownName } = await answersOf(lab, cluster, request);
        // Here names are resolved before they are called: one that nobody has comes to no proxy.
        if (request.want.status === 404 && isUnknownName) return;
        const problems = compareAnswers(request.want, answers, { within: request.want.within, simulated: false });
        assert.equal(problems.length, 0, `${why}\n${problems.join('\n')}`);
      },
      SEEN_MS,
    );
  }
});

function severityOf(code: string): Severity | undefined {
  return (CATALOGUE as Readonly<Record<string, CatalogueEntry>>)[code]?.severity;
}

function workloads(name: string): string {
  const manifests = [...(manifestsOf.get(name)?.values() ?? [])].flat();
  return JSON.stringify(manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet'));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A control plane and gateways of its own. */
async function install(lab: Lab, name: string): Promise<void> {
  const [hub, tag] = [IMAGE.slice(0, IMAGE.lastIndexOf('/')), IMAGE.slice(IMAGE.lastIndexOf(':') + 1)];
  const settings = ['--set', 'profile=default', '--set', `hub=${hub}`, '--set', `tag=${tag}`];
  const { code, stdout, stderr } = await lab.istioctl('install', '--context', name, ...settings, '-y');
  assert.equal(code, 0, `${stdout}\n${stderr}`);
}

/** Each reads the other, by a remote secret. */
async function joinClusters(lab: Lab): Promise<void> {
  for (const name of NAMES) {
    const { code, stdout, stderr } = await lab.istioctl('create-remote-secret', '--context', name, '--name', name);
    assert.equal(code, 0, stderr);
    for (const other of NAMES.filter((each) => each !== name)) await lab.apply(other, stdout);
  }
}

/** The echo server on this machine, as all the hosts outside that cases call. */
async function startOutside(lab: Lab): Promise<{ close(): Promise<void> }> {
  await nameOutside(lab, OUTSIDE);
  const listen = JSON.stringify([{ address: lab.hostAddress, port: 80 }]);
  const env = { PATH: process.env['PATH'], CLUSTER: 'outside', POD_NAME: 'outside', LISTEN: listen };
  const echo = spawn(process.execPath, [ECHO], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(echo.stdout, 'data');
  return {
    close: async () => {
      echo.kill('SIGTERM');
      if (echo.exitCode === null) await once(echo, 'exit');
    },
  };
}
