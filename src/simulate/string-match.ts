import type { StringMatcher } from '../envoy/gen/envoy/type/matcher/v3/string_pb.ts';

/** Envoy's string matcher: `ignore_case` counts for everything but regular expressions. */
export function matchesString(matcher: StringMatcher, text: string): boolean {
  const { matchPattern: pattern, ignoreCase } = matcher;
  const fold = (value: string): string => (ignoreCase ? value.toLowerCase() : value);
  switch (pattern.case) {
    case 'exact':
      return fold(text) === fold(pattern.value);
    case 'prefix':
      return fold(text).startsWith(fold(pattern.value));
    case 'suffix':
      return fold(text).endsWith(fold(pattern.value));
    case 'contains':
      return fold(text).includes(fold(pattern.value));
    case 'safeRegex':
      return matchesRegex(pattern.value.regex, text);
    default:
      return false;
  }
}

/** Compiled expressions, oldest out first. */
const compiled = new Map<string, RegExp | undefined>();
const MAX_COMPILED = 1_000;

/** Envoy matches the whole text (RE2 FullMatch). An expression that JavaScript cannot read matches nothing. */
export function matchesRegex(regex: string, text: string): boolean {
  return compile(`^(?:${regex})$`)?.test(text) ?? false;
}

/** RE2's substitution: every match, `\1` for a group. */
export function substitute(text: string, regex: string, substitution: string): string {
  const expression = compile(regex, 'g');
  if (!expression) return text;
  return text.replace(expression, (...found: readonly unknown[]) =>
    substitution.replace(/\\(\d|\\)/g, (_, group: string) =>
      group === '\\' ? '\\' : String(found[Number(group)] ?? ''),
    ),
  );
}

function compile(source: string, flags = ''): RegExp | undefined {
  const key = `${flags}/${source}`;
  if (compiled.has(key)) return compiled.get(key);
  const expression = compileRe2(source, flags);
  if (compiled.size >= MAX_COMPILED) compiled.delete(compiled.keys().next().value ?? '');
  compiled.set(key, expression);
  return expression;
}

/** RE2's leading `(?i)` and `(?s)` are JavaScript's flags. */
function compileRe2(source: string, flags: string): RegExp | undefined {
  let all = flags;
  const body = source.replace(/^(\^?(?:\(\?:)?)\(\?([is]+)\)/, (_, before: string, modes: string) => {
    for (const mode of modes) if (!all.includes(mode)) all += mode;
    return before;
  });
  try {
    return new RegExp(body, all);
  } catch {
    return undefined;
  }
}
