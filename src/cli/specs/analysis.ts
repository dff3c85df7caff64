import type { CommandSpec } from '../command-spec.ts';
import { duration, flag, JSON_OR_YAML, MANIFESTS, RECURSIVE, REVISION, text } from './options.ts';

/** Commands that look at configuration and say what is wrong with it. */
export const ANALYSIS_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'analyze',
    aliases: [],
    summary: 'mistakes in rules and policies, and in files before they are applied',
    description:
      'Checks every object by itself and all of them together: fields, hosts, subsets, selectors, gateways. Files are looked at as if they were applied to the cluster. Exits with 1 where a message is as bad as the failure threshold.',
    arguments: [{ name: '[files...]', text: 'manifests, folders of them, or - for the standard input' }],
    options: [
      flag('-A, --all-namespaces', 'messages about all namespaces'),
      text('-k, --use-kube [bool]', 'look at the cluster too (default: true)'),
      flag('-L, --list-analyzers', 'what is checked'),
      {
        flags: '-S, --suppress <message>',
        text: '`CODE=KIND NAME.NAMESPACE`, with `*` for any text; may be given several times',
        value: { kind: 'list' },
      },
      { ...text('--failure-threshold <level>', 'Error, Warning or Info'), default: 'Error' },
      { ...text('--output-threshold <level>', 'Error, Warning or Info'), default: 'Info' },
      {
        flags: '--remote-contexts <names>',
        text: 'contexts of other clusters of the mesh, for the hosts that they have',
        value: { kind: 'list' },
      },
      JSON_OR_YAML,
      RECURSIVE,
    ],
    examples: [
      { command: 'pelagos analyze', text: 'the namespace of the context' },
      { command: 'pelagos analyze --use-kube=false virtual-service.yaml', text: 'a file, without a cluster' },
      { command: 'pelagos analyze -A --failure-threshold Warning', text: 'everything, in CI' },
    ],
    waiting: 'reading the cluster',
    load: () => import('../commands/analyze.ts'),
  },
  {
    name: 'validate',
    aliases: ['v'],
    summary: 'mistakes in files, each object by itself',
    description:
      'Checks manifests against the API and its rules, without a cluster. Exits with 1 where there is an error.',
    arguments: [{ name: '[files...]', text: 'the same as `-f`' }],
    options: [MANIFESTS, RECURSIVE, JSON_OR_YAML],
    examples: [{ command: 'pelagos validate -f virtual-service.yaml', text: 'one file' }],
    load: () => import('../commands/validate.ts'),
  },
  {
    name: 'experimental describe',
    aliases: ['des'],
    summary: 'what the mesh does with a pod or a Service',
    description: 'Shows the Services of a pod, the rules for them, its mTLS mode and the policies that apply to it.',
    arguments: [
      { name: '<kind>', text: 'pod or service', words: ['pod', 'service'] },
      { name: '[name]', text: '`NAME` or `NAME.NAMESPACE`' },
    ],
    options: [],
    examples: [
      { command: 'pelagos x describe pod service-7d9f', text: 'a pod' },
      { command: 'pelagos x describe service service.default', text: 'a Service' },
    ],
    waiting: 'reading the cluster',
    load: () => import('../commands/describe.ts'),
  },
  {
    name: 'check',
    aliases: [],
    summary: 'whether the mesh of a Kubernetes cluster is well',
    description:
      'Looks at a cluster and the mesh in it, from the API server to names, in the order in which one thing needs the other. Every failure comes with what to do. Exits with 1 where a check fails.',
    arguments: [],
    options: [
      flag('--pre', 'whether the cluster is fit for an installation'),
      flag('-w, --wait', 'make a check that fails again until it holds'),
      duration('--timeout <duration>', 'how long to wait', '5m'),
      JSON_OR_YAML,
      REVISION,
    ],
    examples: [
      { command: 'pelagos check --pre', text: 'before `install`' },
      { command: 'pelagos check --wait --timeout 2m', text: 'after it, in a script' },
    ],
    load: () => import('../commands/check.ts'),
  },
  {
    name: 'connectivity',
    aliases: [],
    summary: 'whether the clusters of the mesh reach each other',
    description:
      'Makes a small pod with a proxy in every cluster, calls each of them from each, and removes them. Shows for every pair whether the name resolves, the pod answers, the call came by mTLS and as whom, and how long it takes. Exits with 1 where a pair is not well.',
    arguments: [],
    options: [
      {
        flags: '--contexts <names>',
        text: 'the clusters, by contexts of the kubeconfig (default: all of them)',
        value: { kind: 'list' },
      },
      text('--from <workload>', 'call from this one only, by its own curl: CONTEXT/NAMESPACE/deployment/NAME'),
      duration('--timeout <duration>', 'how long the pods may take to become ready', '90s'),
      JSON_OR_YAML,
      REVISION,
    ],
    examples: [
      { command: 'pelagos connectivity --contexts cluster1,cluster2', text: 'every pair' },
      {
        command: 'pelagos connectivity --from cluster1/default/deployment/service',
        text: 'as an application of yours',
      },
    ],
    load: () => import('../commands/connectivity.ts'),
  },
  {
    name: 'experimental precheck',
    aliases: [],
    summary: 'whether a cluster is fit for an installation',
    description: 'The same as `check --pre`.',
    arguments: [],
    options: [JSON_OR_YAML],
    examples: [{ command: 'pelagos x precheck', text: 'before `install`' }],
    load: () => import('../commands/precheck.ts'),
  },
];
