import type { CommandSpec } from '../command-spec.ts';
import { PROXY_CONFIG_WORDS } from '../proxy-config/views.ts';
import { flag, JSON_OR_YAML, REVISION, text } from './options.ts';

const TARGET = {
  name: '<target>',
  text: '`deployment/NAME`, `statefulset/NAME`, `pod/NAME`, `POD.NAMESPACE` or a pod name; on Kubernetes `service/NAME` too',
} as const;

/** Commands about Envoys, as istioctl has them. */
export const PROXY_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'proxy-status',
    aliases: ['ps'],
    summary: 'what each proxy has taken of its configuration',
    description:
      'Shows every connected proxy, and for each type of resource whether the proxy has what the control plane sent (SYNCED), is still taking it (STALE), or refused it (NACKED), with the objects that a refused resource came from.',
    arguments: [
      { name: '[proxy]', text: 'only this one, with more about it: `NAME`, `NAME.NAMESPACE` or `deployment/NAME`' },
    ],
    options: [JSON_OR_YAML, REVISION],
    examples: [
      { command: 'pelagos proxy-status', text: 'all proxies of all clusters' },
      { command: 'pelagos proxy-status deployment/service', text: 'one, type by type' },
    ],
    waiting: 'asking istiod',
    load: () => import('../commands/proxy-status.ts'),
  },
  {
    name: 'proxy-config',
    aliases: ['pc'],
    summary: 'the configuration that an Envoy really has',
    description:
      'Reads the configuration from the Envoy itself and shows it as istioctl does. Private keys are never shown.',
    arguments: [
      {
        name: '<what>',
        text: 'listeners, routes, clusters, endpoints, secrets, ecds, bootstrap or all',
        words: PROXY_CONFIG_WORDS,
      },
      TARGET,
    ],
    options: [
      {
        flags: '-o, --output <format>',
        text: 'a table, or the resources as Envoy has them',
        value: { kind: 'choice', choices: ['short', 'json', 'yaml'] },
        default: 'short',
      },
      text('--fqdn <host>', 'clusters of this service (a part of the name is enough)'),
      text('--port <number>', 'clusters, listeners and endpoints of this port'),
      text('--direction <direction>', 'clusters of this direction (inbound or outbound)'),
      text('--subset <name>', 'clusters of this subset'),
      text('--name <name>', 'the route configuration of this name'),
      text('--address <address>', 'listeners and endpoints of this address'),
      text('--type <type>', 'listeners of this type (HTTP, TCP)'),
      text('--cluster <name>', 'endpoints of this Envoy cluster'),
      text('--status <status>', 'endpoints of this status (healthy, unhealthy)'),
    ],
    examples: [
      {
        command: 'pelagos --context cluster1 proxy-config endpoints deployment/service',
        text: 'where its requests may go',
      },
      {
        command: 'pelagos pc clusters deployment/service --fqdn service.cluster2 -o json',
        text: 'one cluster in full',
      },
      { command: 'pelagos pc routes deployment/service --name 80', text: 'routes of port 80' },
    ],
    waiting: 'asking the Envoy',
    load: () => import('../commands/proxy-config.ts'),
  },
  {
    name: 'proxy-config log',
    aliases: [],
    summary: 'what an Envoy logs, and how much',
    description:
      'Shows the loggers of an Envoy with their levels, or sets them while it runs. It holds until the Envoy ends.',
    arguments: [TARGET],
    options: [
      text(
        '--level <levels>',
        '`debug`, or `http:debug,router:trace`; levels: trace, debug, info, warning, error, critical, off',
      ),
      flag('-r, --reset', 'back to warning'),
    ],
    examples: [
      {
        command: 'pelagos proxy-config log deployment/service --level http:debug,router:trace',
        text: 'watch requests',
      },
      { command: 'pelagos proxy-config log deployment/service -r', text: 'and be quiet again' },
    ],
    waiting: 'asking the Envoy',
    load: () => import('../commands/proxy-config-log.ts'),
  },
];
