import type { FilterStateValue } from '../envoy/gen/envoy/extensions/filters/common/set_filter_state/v3/value_pb.ts';
import { FilterStateValue_SharedWithUpstream as Shared } from '../envoy/gen/envoy/extensions/filters/common/set_filter_state/v3/value_pb.ts';
import { type FormatFacts, formatString } from './format-string.ts';

/** The filter state after a set_filter_state filter: each value sees those set before it. */
export function withFilterState(
  state: ReadonlyMap<string, string>,
  values: readonly FilterStateValue[],
  facts: FormatFacts,
): ReadonlyMap<string, string> {
  const result = new Map(state);
  for (const value of values) {
    if (value.key.case !== 'objectKey' || value.value.case !== 'formatString') continue;
    const text = formatString(value.value.value, { ...facts, filterState: result });
    if (text === undefined || (text === '' && value.skipIfEmpty)) continue;
    result.set(value.key.value, text);
    if (value.sharedWithUpstream !== Shared.NONE) result.set(SHARED_PREFIX + value.key.value, text);
  }
  return result;
}

/** Marks what goes along to an internal listener. */
const SHARED_PREFIX = 'shared-with-upstream/';

/** What of a filter state the next hop inside the same proxy gets (Envoy: internal_upstream transport socket). */
export function sharedFilterState(state: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  for (const [key, value] of state) {
    if (key.startsWith(SHARED_PREFIX)) result.set(key.slice(SHARED_PREFIX.length), value);
  }
  return result;
}
