import type { CommandSpec } from '../command-spec.ts';
import { duration, flag, JSON_OR_YAML, REVISION, text } from './options.ts';

/** Commands about the fleet as a whole. */
export const FLEET_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    aliases: [],
    summary: 'begin a mesh of your own from an example',
    description: 'Copies an example into a new folder: manifests of a mesh that runs as it is.',
    arguments: [{ name: '[dir]', text: 'the new folder (default: the name of the example)' }],
    options: [
      {
        flags: '--example <name>',
        text: 'which one',
        value: { kind: 'choice', choices: ['two-clusters', 'multi-region', 'hybrid-cloud'] },
        default: 'two-clusters',
      },
    ],
    examples: [{ command: 'pelagos init my-mesh && pelagos up my-mesh', text: 'two clusters that call each other' }],
    load: () => import('../commands/init.ts'),
  },
  {
    name: 'up',
    aliases: [],
    summary: 'start a whole mesh from a folder of manifests',
    description:
      'Starts every cluster below DIR on this machine: control planes, gateways, pods and their Envoys. Each sub-folder of DIR is a cluster, unless DIR/fleet.yaml says otherwise. Saving a file applies it. Runs until Ctrl-C; a second Ctrl-C does not wait for requests in flight.',
    arguments: [{ name: '[dir]', text: 'the folder of the fleet (default: the current one)' }],
    options: [
      flag('-d, --detach', 'start it in the background, and return when everything is ready'),
      text('--envoy <path>', 'the Envoy to run (default: $PELAGOS_ENVOY, then PATH, then the cache)'),
      duration('--timeout <duration>', 'how long everything may take to become ready, with --detach', '120s'),
    ],
    examples: [
      { command: 'pelagos up examples/two-clusters', text: 'run it here, and watch it' },
      { command: 'pelagos up examples/two-clusters --detach', text: 'run it in the background (in CI)' },
    ],
    load: () => import('../commands/up.ts'),
  },
  {
    name: 'down',
    aliases: [],
    summary: 'stop a fleet, and clean up what a killed one left',
    description:
      'Stops the fleet and everything that it started. What a fleet that was killed left behind is ended and removed too. It is no error when nothing runs.',
    arguments: [{ name: '[dir]', text: 'the folder of the fleet (default: the one that runs)' }],
    options: [duration('--timeout <duration>', 'how long it may take', '60s')],
    examples: [{ command: 'pelagos down', text: 'stop the fleet that runs' }],
    load: () => import('../commands/down.ts'),
  },
  {
    name: 'status',
    aliases: [],
    summary: 'what runs, and whether it is ready',
    description:
      'Shows clusters, control planes and pods, and what is wrong. Exits with 0 only when all of it is ready.',
    arguments: [{ name: '[dir]', text: 'the folder of the fleet (default: the one that runs)' }],
    options: [
      flag('-w, --wait', 'wait until everything is ready'),
      duration('--timeout <duration>', 'how long to wait', '120s'),
      JSON_OR_YAML,
    ],
    examples: [
      { command: 'pelagos status', text: 'a table' },
      { command: 'pelagos status --wait --timeout 30s', text: 'in a script, before the first request' },
    ],
    load: () => import('../commands/status.ts'),
  },
  {
    name: 'setup',
    aliases: [],
    summary: 'get the Envoy that fits, and whatever else is missing',
    description:
      'Gets what this version of Pelagos needs: packages, generated code and the pinned Envoy. What is there already is left as it is.',
    arguments: [],
    options: [],
    examples: [{ command: 'pelagos setup', text: 'once, and after an update' }],
    load: () => import('../commands/setup.ts'),
  },
  {
    name: 'version',
    aliases: [],
    summary: 'versions of this command, the control plane and the Envoys',
    description:
      'Shows the version of this command and, where a fleet runs or the kubeconfig has a cluster with the mesh, of its control plane and its Envoys.',
    arguments: [],
    options: [
      JSON_OR_YAML,
      flag('-s, --short', 'the number only, with `--remote=false`'),
      text('--remote [bool]', 'ask the cluster too (default: true)'),
      REVISION,
    ],
    examples: [
      { command: 'pelagos version -o json', text: 'for programs' },
      { command: 'pelagos version --remote=false', text: 'without asking a cluster' },
    ],
    waiting: 'asking istiod',
    load: () => import('../commands/version.ts'),
  },
  {
    name: 'completion',
    aliases: [],
    summary: 'completion for your shell',
    description: 'Prints a script that completes commands, options and kinds.',
    arguments: [{ name: '<shell>', text: 'bash, zsh or fish', words: ['bash', 'zsh', 'fish'] }],
    options: [],
    examples: [
      { command: 'source <(pelagos completion bash)', text: 'for this shell' },
      { command: 'pelagos completion fish > ~/.config/fish/completions/pelagos.fish', text: 'for good' },
    ],
    load: () => import('../commands/completion.ts'),
  },
];
