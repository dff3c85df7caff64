import type { CommandSpec } from '../command-spec.ts';
import { flag, text } from './options.ts';

const TARGET = { name: '<target>', text: '`deployment/NAME`, `statefulset/NAME`, `pod/NAME` or a pod name' } as const;

/** Commands that reach into one pod. */
export const POD_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'exec',
    aliases: [],
    summary: 'run a command as a pod of the mesh',
    description:
      'Runs a command of this machine with the environment of the pod: its HTTP requests leave through the Envoy of that pod, as the identity of that pod. Exits with the code of the command. In the container istio-proxy, `pilot-agent request METHOD PATH` asks the admin interface of the Envoy.',
    arguments: [TARGET, { name: '[command...]', text: 'what to run, after `--`' }],
    options: [
      text('-c, --container <name>', 'app or istio-proxy (default: app)'),
      flag('-i, --stdin', 'pass the standard input on'),
      flag('-t, --tty', 'taken for the sake of habit: the command has your terminal anyway'),
    ],
    examples: [
      {
        command: 'pelagos --context cluster1 exec -it deployment/service -- curl http://service.cluster2',
        text: 'call a service of another cluster',
      },
      {
        command: 'pelagos exec deployment/service -c istio-proxy -- pilot-agent request GET stats',
        text: 'numbers of its Envoy',
      },
    ],
    load: () => import('../commands/exec.ts'),
  },
  {
    name: 'logs',
    aliases: [],
    summary: 'what a pod and its Envoy have written',
    description: 'Prints the log of a container of one pod.',
    arguments: [TARGET],
    options: [
      text('-c, --container <name>', 'app or istio-proxy (default: app, where there is one)'),
      flag('-f, --follow', 'go on with what is written from now on'),
      { flags: '--tail <lines>', text: 'only the last lines (default: all)', value: { kind: 'count' } },
    ],
    examples: [
      { command: 'pelagos logs deployment/service -c istio-proxy --tail 20', text: 'last lines of its Envoy' },
      { command: 'pelagos logs deployment/service -f', text: 'until Ctrl-C' },
    ],
    load: () => import('../commands/logs.ts'),
  },
];
