import type { CommandSpec, OptionSpec } from '../command-spec.ts';
import { duration, flag, text } from './options.ts';

const VALUES: readonly OptionSpec[] = [
  {
    flags: '-f, --filename <file>',
    text: 'values: an IstioOperator document or plain Helm values; - for the standard input; later ones on top',
    value: { kind: 'list' },
  },
  {
    flags: '-s, --set <path=value>',
    text: 'one value, as in `--set profile=demo`, `--set values.global.meshID=mesh1`; on top of all files',
    value: { kind: 'list' },
  },
  text('-r, --revision <name>', 'the name of this control plane among several'),
];
const YES = flag('-y, --skip-confirmation', 'do it without asking');
const DRY_RUN = flag('--dry-run', 'ask the API server what would change, and change nothing');
const FORCE = flag('--force', 'go on where a newer version is there already');
const APPLY: readonly OptionSpec[] = [
  ...VALUES,
  YES,
  DRY_RUN,
  FORCE,
  duration('--readiness-timeout <duration>', 'how long each part may take to become ready; 0: do not wait', '300s'),
];

/** Commands that put a control plane into a cluster, and take it away. */
export const INSTALL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'install',
    aliases: [],
    summary: 'install the mesh in a cluster, or change what is installed',
    description:
      'Brings the cluster to what profile and values say: namespace, definitions, access, control plane, webhooks and gateways, each waited for. What an earlier installation had besides is removed. With global.remotePilotAddress the cluster becomes a remote one, served by the control plane of another cluster. Run again, it changes nothing.',
    arguments: [],
    options: APPLY,
    examples: [
      { command: 'pelagos install --set profile=default -y', text: 'into the current context' },
      { command: 'pelagos install --context cluster2 -f cluster2-values.yaml -y', text: 'with values' },
      { command: 'pelagos install --set meshConfig.accessLogFile=/dev/stdout --dry-run', text: 'only look' },
    ],
    load: () => import('../commands/install.ts'),
  },
  {
    name: 'upgrade',
    aliases: [],
    summary: 'put this version in the place of the one that is installed',
    description:
      'As install, after a look at the version that is there: refuses to go back to an older one (--force does it anyway). Proxies keep their connections; they take the new version when their pods are made anew.',
    arguments: [],
    options: APPLY,
    examples: [{ command: 'pelagos upgrade -y', text: 'with the values given again' }],
    load: () => import('../commands/upgrade.ts'),
  },
  {
    name: 'uninstall',
    aliases: [],
    summary: 'remove the mesh, or one control plane, from a cluster',
    description:
      'Removes what installations of this program made. --revision takes one control plane and leaves what others share; --purge takes everything, with the definitions and so every object of the Istio API in the cluster.',
    arguments: [],
    options: [
      text('-r, --revision <name>', 'the control plane of this name (`default` for the one without)'),
      flag('--purge', 'everything of every revision, with the definitions'),
      YES,
      DRY_RUN,
    ],
    examples: [
      { command: 'pelagos uninstall --purge -y', text: 'everything' },
      { command: 'pelagos uninstall --revision canary', text: 'one control plane' },
    ],
    load: () => import('../commands/uninstall.ts'),
  },
  {
    name: 'manifest generate',
    aliases: [],
    summary: 'print what install would apply',
    description:
      'Prints every object as YAML, in the order in which install applies them, without asking any cluster. The name of the cluster comes from the values (global.multiCluster.clusterName), else from the context.',
    arguments: [],
    options: VALUES,
    examples: [{ command: 'pelagos manifest generate --set profile=minimal > mesh.yaml', text: 'into a file' }],
    load: () => import('../commands/manifest-generate.ts'),
  },
];
