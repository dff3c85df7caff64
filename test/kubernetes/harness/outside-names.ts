import type { Lab } from './lab.ts';

/** Lets the DNS of every cluster know names outside of the mesh, all at this machine. CoreDNS takes them up within half a minute. */
export async function nameOutside(
  lab: Pick<Lab, 'kubectl' | 'run' | 'hostAddress'>,
  names: readonly string[],
): Promise<void> {
  const zones = names
    .map((name) => `${name}:53 {\n    hosts {\n        ${lab.hostAddress} ${name}\n    }\n}\n`)
    .join('');
  const contexts = (await lab.run('kubectl', ['config', 'get-contexts', '-o', 'name'])).stdout.trim().split('\n');
  for (const context of contexts) {
    const coredns = ['configmap', '-n', 'kube-system', 'coredns'];
    const corefile = await lab.kubectl(context, 'get', ...coredns, '-o', 'jsonpath={.data.Corefile}');
    const patch = JSON.stringify({ data: { Corefile: `${corefile.trimEnd()}\n${zones}` } });
    await lab.kubectl(context, 'patch', ...coredns, '--type=merge', '-p', patch);
  }
}
