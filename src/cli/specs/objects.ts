import type { CommandSpec } from '../command-spec.ts';
import { KIND_WORDS } from '../objects/kinds.ts';
import { flag, MANIFESTS, RECURSIVE } from './options.ts';

/** Commands about objects, as kubectl has them. */
export const OBJECT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'get',
    aliases: [],
    summary: 'list objects of a cluster',
    description:
      'Lists objects of one or more kinds, by the names and short names that kubectl knows (svc, deploy, vs, dr, se, gw, pa, ap …).',
    arguments: [
      { name: '<kind>', text: 'one kind, several with commas, or KIND/NAME', words: KIND_WORDS },
      { name: '[names...]', text: 'only these objects' },
    ],
    options: [
      flag('-A, --all-namespaces', 'of all namespaces'),
      {
        flags: '-o, --output <format>',
        text: 'more columns, names only, or for programs',
        value: { kind: 'choice', choices: ['json', 'yaml', 'wide', 'name'] },
      },
      {
        flags: '-l, --selector <labels>',
        text: 'only objects with these labels (`a=b,c!=d,e`)',
        value: { kind: 'text' },
      },
      flag('--show-labels', 'labels as the last column'),
      flag('--no-headers', 'without the line of headings'),
    ],
    examples: [
      { command: 'pelagos get pods -A', text: 'all pods' },
      { command: 'pelagos --context cluster2 get vs,dr', text: 'routing rules of cluster2' },
      { command: 'pelagos get service service -o yaml', text: 'one object' },
    ],
    load: () => import('../commands/get.ts'),
  },
  {
    name: 'apply',
    aliases: [],
    summary: 'create or change objects from manifests',
    description:
      'Sends manifests to a cluster of the running fleet. A broken object is refused, told with file, line and column, and the last good version of it stays.',
    arguments: [],
    options: [MANIFESTS, RECURSIVE],
    examples: [
      { command: 'pelagos apply -f virtual-service.yaml', text: 'to the first cluster' },
      { command: 'cat rule.yaml | pelagos --context cluster2 apply -f -', text: 'to cluster2' },
    ],
    load: () => import('../commands/apply.ts'),
  },
  {
    name: 'delete',
    aliases: [],
    summary: 'delete objects',
    description: 'Deletes the objects of manifests, or one by kind and name.',
    arguments: [
      { name: '[kind]', text: 'a kind, or KIND/NAME', words: KIND_WORDS },
      { name: '[names...]', text: 'which objects' },
    ],
    options: [MANIFESTS, RECURSIVE, flag('--ignore-not-found', 'it is no error that an object is not there')],
    examples: [
      { command: 'pelagos delete vs reviews', text: 'by name' },
      { command: 'pelagos delete -f virtual-service.yaml', text: 'what a file has' },
    ],
    load: () => import('../commands/delete.ts'),
  },
];
