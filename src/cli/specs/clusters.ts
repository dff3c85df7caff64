import type { CommandSpec } from '../command-spec.ts';
import { flag, JSON_OR_YAML, MANIFESTS, RECURSIVE, REVISION, text } from './options.ts';

/** Commands about Kubernetes clusters and their control planes, as istioctl has them. */
export const CLUSTER_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'create-remote-secret',
    aliases: [],
    summary: 'a Secret by which another cluster reads this one',
    description:
      "Prints a Secret with a kubeconfig for this cluster, to be applied in the cluster whose istiod is to read it. Who holds it can read this cluster's services, pods and rules as the service account, so treat it as a credential.",
    arguments: [],
    options: [
      text('--name <cluster>', 'the name of this cluster in the mesh (default: as it was installed, else the context)'),
      {
        flags: '--type <type>',
        text: 'remote: endpoints are read from here; config: configuration is',
        value: { kind: 'choice', choices: ['remote', 'config'] },
        default: 'remote',
      },
      text(
        '--server <url>',
        'the address of the API server as the other cluster reaches it (default: that of the kubeconfig)',
      ),
      text('--service-account <name>', 'whose token it is (default: istio-reader-service-account)'),
      text(
        '--create-service-account [bool]',
        'make the account and what it may do where it is not there (default: true)',
      ),
      text('--secret-name <name>', 'the name of the Secret (default: istio-remote-secret-CLUSTER)'),
      {
        flags: '--duration <duration>',
        text: 'a token that ends after this time; without it, one that holds until its Secret is deleted',
        value: { kind: 'duration' },
      },
    ],
    examples: [
      {
        command:
          'pelagos --context cluster2 create-remote-secret --name cluster2 | kubectl --context cluster1 apply -f -',
        text: 'cluster1 reads cluster2',
      },
    ],
    waiting: 'waiting for the token',
    load: () => import('../commands/create-remote-secret.ts'),
  },
  {
    name: 'remote-clusters',
    aliases: [],
    summary: 'the clusters that each istiod reads',
    description: 'Shows the clusters of the mesh as every replica of istiod sees them, and whether it has read them.',
    arguments: [],
    options: [JSON_OR_YAML, REVISION],
    examples: [{ command: 'pelagos remote-clusters', text: 'all of them' }],
    waiting: 'asking istiod',
    load: () => import('../commands/remote-clusters.ts'),
  },
  {
    name: 'admin log',
    aliases: ['l'],
    summary: 'what istiod logs, and how much',
    description: 'Shows the log levels of istiod by scope, or sets them while it runs, in every replica.',
    arguments: [{ name: '[pod]', text: 'only this pod of istiod' }],
    options: [
      text(
        '--level <levels>',
        '`ads:debug,leader:warn`, or `debug` for all; levels: none, fatal, error, warn, info, debug',
      ),
      flag('--reset', 'as it was at the start'),
      JSON_OR_YAML,
      REVISION,
    ],
    examples: [
      { command: 'pelagos admin log', text: 'scopes and levels' },
      { command: 'pelagos admin log --level ads:debug', text: 'say more of streams' },
    ],
    waiting: 'asking istiod',
    load: () => import('../commands/admin-log.ts'),
  },
  {
    name: 'kube-inject',
    aliases: [],
    summary: 'put the proxy into the workloads of manifests',
    description:
      'Prints manifests in which the pods have their proxy, as the webhook would make them. What is no workload stays as it is.',
    arguments: [],
    options: [
      MANIFESTS,
      RECURSIVE,
      text('-o, --output <file>', 'write them there instead of printing them'),
      text('--valuesFile <file>', 'the values that the mesh is installed with, instead of those of the cluster'),
      text('--meshConfigFile <file>', 'the mesh configuration, instead of that of the cluster'),
      REVISION,
    ],
    examples: [
      { command: 'pelagos kube-inject -f deployment.yaml | kubectl apply -f -', text: 'without the webhook' },
      { command: 'pelagos kube-inject -f deployment.yaml --valuesFile values.yaml', text: 'without a cluster' },
    ],
    waiting: 'reading the cluster',
    load: () => import('../commands/kube-inject.ts'),
  },
];
