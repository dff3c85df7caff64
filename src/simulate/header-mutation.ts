import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOption,
} from '../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { type FormatFacts, formatText } from './format-string.ts';

type Headers = Readonly<Record<string, string>>;

/** What a weighted cluster, a route, a virtual host or a route configuration does to headers. */
export interface HeaderRules {
  readonly requestHeadersToAdd: readonly HeaderValueOption[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly HeaderValueOption[];
  readonly responseHeadersToRemove: readonly string[];
}

/** From the most specific level to the least, which is the order in which Envoy applies them. */
export function mutateRequestHeaders(headers: Headers, levels: readonly HeaderRules[], facts: FormatFacts): Headers {
  return levels.reduce(
    (result, level) => mutate(result, level.requestHeadersToAdd, { remove: level.requestHeadersToRemove, facts }),
    headers,
  );
}

export function mutateResponseHeaders(headers: Headers, levels: readonly HeaderRules[], facts: FormatFacts): Headers {
  return levels.reduce(
    (result, level) => mutate(result, level.responseHeadersToAdd, { remove: level.responseHeadersToRemove, facts }),
    headers,
  );
}

function mutate(
  headers: Headers,
  add: readonly HeaderValueOption[],
  rest: { readonly remove: readonly string[]; readonly facts: FormatFacts },
): Headers {
  if (add.length === 0 && rest.remove.length === 0) return headers;
  const result: Record<string, string> = { ...headers };
  for (const name of rest.remove) delete result[name.toLowerCase()];
  for (const option of add) {
    const name = option.header?.key.toLowerCase();
    if (!name || !option.header) continue;
    const value = formatText(option.header.value, rest.facts);
    if (value === '' && !option.keepEmptyValue) continue;
    addHeader(result, { name, value, action: actionOf(option) });
  }
  return result;
}

function addHeader(
  headers: Record<string, string>,
  header: { readonly name: string; readonly value: string; readonly action: AppendAction },
): void {
  const { name, value, action } = header;
  const present = headers[name];
  if (present === undefined) {
    if (action !== AppendAction.OVERWRITE_IF_EXISTS) headers[name] = value;
  } else if (action === AppendAction.APPEND_IF_EXISTS_OR_ADD) headers[name] = `${present},${value}`;
  else if (action !== AppendAction.ADD_IF_ABSENT) headers[name] = value;
}

/** The deprecated `append` still says "append" or "overwrite". */
function actionOf(option: HeaderValueOption): AppendAction {
  if (option.append === false) return AppendAction.OVERWRITE_IF_EXISTS_OR_ADD;
  return option.appendAction;
}
