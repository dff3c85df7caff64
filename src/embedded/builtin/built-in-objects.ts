import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RawObject, SocketAddress } from '../../model/index.ts';
import { parseManifest } from '../../sources/index.ts';
import type { ClusterConfig } from '../config/fleet-config.ts';

/** Which of the built-in manifests a cluster gets. */
export interface BuiltInChoice {
  /** Without a mesh there are no gateways. */
  readonly withGateways: boolean;
  /** Are there other networks in the mesh? Else nobody would come through an east-west gateway. */
  readonly hasOtherNetworks: boolean;
  /** Where the cluster's own control plane listens, if it has one. */
  readonly controlPlane?: SocketAddress;
}

/** The objects that a cluster has before anything is applied. @throws where the files of this program are broken. */
export async function builtInObjects(cluster: ClusterConfig, choice: BuiltInChoice): Promise<readonly RawObject[]> {
  const gateways = ['ingress-gateway', ...(choice.hasOtherNetworks ? ['east-west-gateway'] : [])];
  const names = [
    'istio-system',
    ...(choice.withGateways ? gateways : []),
    ...(choice.controlPlane ? ['control-plane'] : []),
  ];
  const values = { NETWORK: cluster.network, ADDRESS: choice.controlPlane?.address ?? '' };
  const lists = await Promise.all(names.map((name) => readBuiltIn(`${name}.yaml`, cluster, values)));
  return lists.flat();
}

async function readBuiltIn(
  file: string,
  cluster: ClusterConfig,
  values: Readonly<Record<string, string>>,
): Promise<readonly RawObject[]> {
  const template = await readFile(join(import.meta.dirname, file), 'utf8');
  const text = template.replace(/\$\{([A-Z]+)\}/g, (_whole, name: string) => JSON.stringify(values[name] ?? ''));
  const manifest = parseManifest({ cluster: cluster.name, file, text });
  const [problem] = manifest.diagnostics;
  if (problem) throw new Error(`the built-in manifest ${file} is broken: ${problem.message}`);
  return manifest.documents.flatMap(({ objects }) =>
    objects.map((object): RawObject => {
      const { positionOf: _positionOf, ...rest } = object;
      return { ...rest, origin: { kind: 'generated', by: `built-in ${file}` } };
    }),
  );
}
