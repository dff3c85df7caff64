import type { RunCommand } from '../command-spec.ts';
import { askIstiods } from '../kubernetes/istiod.ts';
import { connectKubernetes } from '../kubernetes/kubernetes-cluster.ts';
import { readMembers } from '../kubernetes/members.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { styled } from '../output/terminal.ts';

export const run: RunCommand = async (call) => {
  const { options, terminal } = call;
  const members = readMembers(await askIstiods(await connectKubernetes(call), { path: '/debug/clusters' }));
  const format = structuredFormat(options.text('output'));
  if (format) {
    terminal.out(await formatStructured(members, format));
    return 0;
  }
  const rows = members.map(({ name, secret, status, istiod }) => [
    name,
    secret,
    styled(terminal, status === 'synced' ? 'green' : 'yellow', status),
    istiod,
  ]);
  terminal.out(formatTable([['NAME', 'SECRET', 'STATUS', 'ISTIOD'], ...rows]));
  for (const { name, error } of members) if (error !== '') terminal.err(`${name}: ${error}\n`);
  return 0;
};
