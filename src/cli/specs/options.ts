import type { OptionSpec } from '../command-spec.ts';

const FLAG = { kind: 'flag' } as const;
const TEXT = { kind: 'text' } as const;

/** Options of every command; they may stand before its name too, as with kubectl and istioctl. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { flags: '--fleet <dir>', text: 'the running fleet that was started from this folder', value: TEXT },
  {
    flags: '--context <name>',
    text: 'the context of the kubeconfig (default: the current one), or the cluster of the fleet (default: its first)',
    value: TEXT,
  },
  { flags: '--kubeconfig <file>', text: 'the kubeconfig; with it, the command goes to Kubernetes', value: TEXT },
  { flags: '-n, --namespace <name>', text: 'the namespace (default: that of the context, else default)', value: TEXT },
  { flags: '-i, --istioNamespace <name>', text: 'the namespace of istiod', value: TEXT, default: 'istio-system' },
  {
    flags: '--color <when>',
    text: 'colors; auto: at a terminal, unless NO_COLOR is set',
    value: { kind: 'choice', choices: ['auto', 'always', 'never'] },
    default: 'auto',
  },
];

export const JSON_OR_YAML: OptionSpec = {
  flags: '-o, --output <format>',
  text: 'for programs',
  value: { kind: 'choice', choices: ['json', 'yaml'] },
};

/** Of commands that ask a control plane. */
export const REVISION: OptionSpec = {
  flags: '-r, --revision <name>',
  text: 'only the control plane of this revision',
  value: TEXT,
};

export const MANIFESTS: OptionSpec = {
  flags: '-f, --filename <file>',
  text: 'a file, a folder, or - for the standard input; may be given several times',
  value: { kind: 'list' },
};

export const RECURSIVE: OptionSpec = {
  flags: '-R, --recursive',
  text: 'folders below the given ones too',
  value: FLAG,
};

export function flag(flags: string, text: string): OptionSpec {
  return { flags, text, value: FLAG };
}

export function text(flags: string, meaning: string): OptionSpec {
  return { flags, text: meaning, value: TEXT };
}

export function duration(flags: string, meaning: string, preset: string): OptionSpec {
  return { flags, text: meaning, value: { kind: 'duration' }, default: preset };
}
