/** Two clusters with a control plane each, joined as Istio's multi-primary is: each reads the other by a remote secret. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IMAGE, type Lab } from './lab.ts';

export const EAST = 'us-east';
export const WEST = 'us-west';
export const REGIONS: readonly string[] = [EAST, WEST];
/** How an installation gets the image of the lab. */
export const OUR_IMAGE: readonly string[] = [
  ...['--set', `hub=${IMAGE.slice(0, IMAGE.lastIndexOf('/'))}`],
  ...['--set', `tag=${IMAGE.slice(IMAGE.lastIndexOf(':') + 1)}`],
];

/** A node of the lab has two processors, and many pods. */
export const INSTALL: readonly string[] = [
  ...['install', '--set', 'profile=default', '-y', ...OUR_IMAGE],
  ...['--set', 'values.global.proxy.resources.requests.cpu=10m'],
];

const ARTICLE = join(import.meta.dirname, '..', '..', '..', 'examples', 'article');

/** A command that has to succeed. @returns what it printed. @throws Error with all that it said. */
export async function istioctl(lab: Lab, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.istioctl(...args);
  if (code === 0) return stdout;
  throw new Error(`istioctl ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
}

/** A file with `${IMAGE}` and `${CLUSTER}` filled in. */
export async function manifest(path: string, cluster: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  return text.replaceAll(/\$\{IMAGE\}/g, IMAGE).replaceAll(/\$\{CLUSTER\}/g, cluster);
}

/** `istioctl create-remote-secret --context=us-west --name=us-west | kubectl apply -f - --context=us-east` */
export async function letRead(lab: Lab, reader: string, cluster: string, ...more: readonly string[]): Promise<void> {
  const args = ['create-remote-secret', `--context=${cluster}`, `--name=${cluster}`, ...more];
  await lab.apply(reader, await istioctl(lab, ...args));
}

/** Installs both, joins them, and runs the article's service in each. */
export async function startRegions(lab: Lab): Promise<void> {
  await Promise.all(
    REGIONS.map(async (cluster) => {
      await istioctl(lab, ...INSTALL, '--context', cluster);
      await lab.kubectl(cluster, 'label', 'namespace', 'default', 'istio-injection=enabled');
      await lab.apply(cluster, await manifest(join(ARTICLE, 'service.yaml'), cluster));
    }),
  );
  await Promise.all([
    letRead(lab, EAST, WEST),
    letRead(lab, WEST, EAST),
    lab.apply(EAST, await manifest(join(ARTICLE, 'multi-region', 'global-service.yaml'), EAST)),
    lab.apply(WEST, await manifest(join(import.meta.dirname, '..', 'clusters', 'regions', 'west.yaml'), WEST)),
  ]);
  const rolledOut = (cluster: string, ...names: readonly string[]): Promise<string> =>
    lab.kubectl(cluster, 'rollout', 'status', ...names, '--timeout=120s');
  await Promise.all([
    ...REGIONS.map((cluster) => rolledOut(cluster, 'deployment/service', 'deployment/service-v2')),
    rolledOut(WEST, 'statefulset/ledger'),
  ]);
}
