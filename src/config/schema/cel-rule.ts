import { Environment } from '@marcbachmann/cel-js';
import { parseUrl } from '../values/url.ts';
import type { Schema } from './schema.ts';

/** A URL inside of rules: what Kubernetes' `url()` gives. */
class CelUrl {
  readonly scheme: string;
  constructor(scheme: string) {
    this.scheme = scheme;
  }
}

type CompiledRule = (context: { self: unknown }) => unknown;

const compiled = new Map<string, CompiledRule>();
let environment: Environment | undefined;

/**
 * Does the rule hold of this value (as {@link toCelValue} made it)?
 * A rule that cannot be evaluated does not hold, as in Kubernetes.
 */
export function ruleHolds(rule: string, self: unknown): boolean {
  try {
    return compile(rule)({ self }) === true;
  } catch {
    return false;
  }
}

/** Compiles each rule once, when it is first needed. @throws where the rule is no CEL. */
export function compile(rule: string): CompiledRule {
  let evaluate = compiled.get(rule);
  if (!evaluate) {
    environment ??= createEnvironment();
    evaluate = environment.parse(rule) as CompiledRule;
    compiled.set(rule, evaluate);
  }
  return evaluate;
}

/** @returns what is wrong with the syntax of a CEL expression, whatever it speaks of; or undefined. */
export function checkCelSyntax(expression: string): string | undefined {
  try {
    new Environment({ unlistedVariablesAreDyn: true }).parse(expression);
    return undefined;
  } catch (error) {
    const [first = ''] = String((error as Error).message).split('\n');
    return first;
  }
}

/** The functions that Kubernetes adds to CEL, as far as the rules of our schemas use them. */
function createEnvironment(): Environment {
  return new Environment()
    .registerVariable('self', 'dyn')
    .registerType('CelUrl', CelUrl)
    .registerFunction('isURL(string): bool', (text: string) => parseUrl(text) !== undefined)
    .registerFunction('url(string): CelUrl', (text: string) => {
      const url = parseUrl(text);
      if (!url) throw new Error(`not a URL: ${text}`);
      return new CelUrl(url.scheme);
    })
    .registerFunction({
      name: 'getScheme',
      receiverType: 'CelUrl',
      returnType: 'string',
      params: [],
      handler: (url: CelUrl) => url.scheme,
    });
}

/** CEL keeps whole numbers and fractions apart: integers of the schema become bigint. */
export function toCelValue(value: unknown, schema: Schema, resolve: (schema: Schema) => Schema): unknown {
  const { type, properties, items, values } = resolve(schema);
  if (typeof value === 'number') return type === 'number' ? value : Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return items ? value.map((item) => toCelValue(item, items, resolve)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => {
    const childSchema = properties?.[key] ?? values;
    return [key, childSchema ? toCelValue(child, childSchema, resolve) : child];
  });
  return Object.fromEntries(entries);
}
