import type { CommandSpec } from '../command-spec.ts';

/** What runs in pods. */
export const SERVER_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'discovery',
    aliases: [],
    summary: 'the control plane itself: what the pod istiod runs',
    description:
      'Reads the cluster that its pod is in, and those that remote secrets name; serves proxies (15012), webhooks (15017), DNS (15053), probes and metrics (15014). Its Deployment, which `install` makes, says everything that it must know in the environment.',
    arguments: [],
    options: [],
    examples: [{ command: 'pelagos discovery', text: 'in a pod whose service account may read the cluster' }],
    load: () => import('../commands/discovery.ts'),
  },
];
