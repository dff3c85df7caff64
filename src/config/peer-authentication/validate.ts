import { checkPort } from '../rules/host.ts';
import { checkSelection } from '../rules/selection.ts';
import { problem, type Subject } from '../subject.ts';
import type { PeerAuthenticationSpec } from './type.ts';

/** What the schema of a PeerAuthentication cannot say (Istio: ValidatePeerAuthentication). */
export function validatePeerAuthentication(spec: PeerAuthenticationSpec, subject: Subject): void {
  const { report } = subject;
  const { selector } = spec;
  checkSelection(selector ? { selector } : {}, report);
  const ports = Object.keys(spec.portLevelMtls ?? {});
  const path = ['spec', 'portLevelMtls'];
  const hasSelector = Object.keys(selector?.matchLabels ?? {}).length > 0;
  if (ports.length > 0 && !hasSelector) {
    problem(report, 'PEL3005', path, 'ports mean something of selected workloads only, but there is no selector');
  }
  if (spec.portLevelMtls && ports.length === 0) problem(report, 'PEL3028', path, 'no port is named');
  for (const port of ports) checkPort(Number(port), [...path, port], report);
}
