import type { Diagnostic } from '../../diagnostics/index.ts';
import type { ObjectIndex } from '../object-store.ts';
import { analyzeDestinations } from './destinations.ts';
import { FindingList } from './finding-list.ts';
import { analyzeGateways } from './gateways.ts';
import type { MeshKnowledge } from './mesh-knowledge.ts';
import { analyzeReferences } from './references.ts';
import { analyzeRivals } from './rivals.ts';
import { analyzeSelectors } from './selectors.ts';

/**
 * Looks at the objects of a cluster together: names that lead nowhere, and objects that contradict each other.
 * Changes nothing; objects with findings are used all the same.
 */
export function analyze(objects: ObjectIndex, knows: MeshKnowledge): readonly Diagnostic[] {
  const findings = new FindingList();
  analyzeDestinations(objects, knows, findings);
  analyzeGateways(objects, findings);
  analyzeRivals(objects, findings);
  analyzeSelectors(objects, findings);
  analyzeReferences(objects, knows, findings);
  return findings.diagnostics;
}
