/** Makes docs/reference/values.md from what the installer knows of its values. */
import { settingsReference } from '../../src/install/index.ts';
import { table } from './cli.ts';

/** The page as Markdown. */
export function valuesReference(): string {
  const rows = settingsReference();
  const section = (kind: string) =>
    rows
      .filter((row) => row.kind === kind)
      .map(({ path, preset }) => [`\`${path}\``, preset === '' ? '' : `\`${preset}\``]);
  return [
    '# Values of an installation',
    '',
    '<!-- Made by scripts/reference/write.ts from src/install/values; a test compares them. -->',
    '',
    "For `istioctl install -f FILE --set PATH=VALUE`. A file is an IstioOperator document (what stands here is below `spec`), or plain Helm values (what stands here below `values.` is at its top). The meaning of each is that of Istio; `meshConfig` takes the whole of Istio's MeshConfig. Profiles: default, demo, minimal, remote, empty.",
    '',
    "Beside Istio's: `values.global.primary.enabled` says that a cluster is a primary; `values.pilot.dns.coredns` (`manage`, `off`) whether the cluster's CoreDNS is kept forwarding the mesh's names.",
    '',
    '## Acted on',
    '',
    ...table(['Setting', 'Default'], section('any')),
    '',
    '## Known to Istio, without effect here',
    '',
    'They are named in a warning (PEL8003).',
    '',
    ...table(
      ['Setting'],
      section('unused').map(([path = '']) => [path]),
    ),
    '',
  ].join('\n');
}
