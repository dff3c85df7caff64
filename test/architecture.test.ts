/** Who may import whom, how large things may get, what they may be called: the rules of ARCHITECTURE.md, as a test. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

interface Stage {
  /** Which stages it may enter, by their index.ts. */
  readonly uses: readonly string[];
  /** npm packages beside Node's own modules. */
  readonly packages: readonly string[];
  /** A pure stage has no IO, no clock and no Node types. */
  readonly pure?: true;
}

const PROTOBUF = '@bufbuild/protobuf';
const PURE = ['model', 'diagnostics', 'config', 'graph', 'envoy', 'mesh', 'translate', 'simulate', 'cases'];

/** In the order of the data; nobody uses what comes after it. */
const STAGES: Readonly<Record<string, Stage>> = {
  model: { uses: [], packages: [], pure: true },
  diagnostics: { uses: ['model'], packages: [], pure: true },
  config: { uses: ['model', 'diagnostics'], packages: ['@marcbachmann/cel-js'], pure: true },
  graph: { uses: [], packages: [], pure: true },
  mesh: { uses: ['model', 'diagnostics', 'config', 'graph'], packages: [], pure: true },
  envoy: { uses: ['model'], packages: [PROTOBUF], pure: true },
  translate: { uses: ['model', 'diagnostics', 'config', 'mesh', 'envoy'], packages: [PROTOBUF], pure: true },
  simulate: { uses: ['model', 'envoy'], packages: [PROTOBUF], pure: true },
  cases: { uses: ['model', 'diagnostics', 'simulate'], packages: [], pure: true },
  'kubernetes-api': { uses: ['model', 'diagnostics'], packages: ['yaml', 'ws', '@kubernetes/client-node'] },
  sources: { uses: ['model', 'diagnostics', 'config', 'kubernetes-api'], packages: ['yaml'] },
  security: { uses: ['model', 'diagnostics', 'envoy'], packages: [PROTOBUF, 'jose', '@peculiar/x509'] },
  xds: { uses: ['model', 'diagnostics', 'envoy', 'security'], packages: [PROTOBUF, '@grpc/grpc-js'] },
  proxies: { uses: ['model', 'diagnostics', 'envoy', 'security'], packages: ['yaml'] },
  install: {
    uses: ['model', 'diagnostics', 'config', 'kubernetes-api', 'sources', 'proxies'],
    packages: ['yaml', 'dns-packet'],
  },
  observe: {
    uses: ['model', 'diagnostics', 'envoy', 'xds'],
    packages: [PROTOBUF, 'pino', 'prom-client', '@grpc/grpc-js'],
  },
  'control-plane': {
    uses: [...PURE, 'sources', 'security', 'xds', 'observe'],
    packages: ['pino', PROTOBUF, 'dns-packet'],
  },
  embedded: {
    uses: [...PURE, 'sources', 'security', 'proxies', 'observe', 'control-plane'],
    packages: ['pino', 'yaml', 'dns-packet'],
  },
  istiod: {
    uses: [...PURE, 'kubernetes-api', 'sources', 'security', 'xds', 'proxies', 'observe', 'control-plane'],
    packages: ['pino', 'yaml', 'dns-packet', 'prom-client'],
  },
  cli: {
    uses: [
      ...PURE,
      'kubernetes-api',
      'sources',
      'proxies',
      'install',
      'observe',
      'control-plane',
      'embedded',
      'istiod',
    ],
    packages: ['commander', '@clack/prompts', 'yaml', 'pino'],
  },
};

/** Tests may use more: they build what the stage is given. */
const TEST_PACKAGES = [
  'fast-check',
  '@peculiar/x509',
  'reflect-metadata',
  '@grpc/grpc-js',
  '@grpc/grpc-js-xds',
  'yaml',
  PROTOBUF,
];

interface Source {
  /** `src/mesh/mesh.ts` */
  readonly path: string;
  readonly text: string;
}

/** All files of the project that git knows or would take, without generated ones. */
function projectFiles(): readonly string[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return list
    .split('\n')
    .filter((path) => path !== '' && !path.startsWith('src/envoy/gen/') && !path.includes('.gen.'));
}

function read(path: string): Source | undefined {
  try {
    return { path, text: readFileSync(join(ROOT, path), 'utf8') };
  } catch {
    return undefined;
  }
}

const FILES = projectFiles();
const SOURCES = FILES.filter((path) => path.endsWith('.ts')).flatMap((path) => read(path) ?? []);
const STAGE_SOURCES = SOURCES.filter(({ path }) => path.startsWith('src/'));

/** Every module that a file names in import, export, `import()` or an import type. */
function importsOf(source: Source): readonly string[] {
  const code = source.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const pattern =
    /(?:^|[;}\s])(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|(?:^|[^\w.])import\s*\(\s*'([^']+)'|^\s*import\s+'([^']+)'/gm;
  return [...code.matchAll(pattern)].map(([, from, dynamic, bare]) => from ?? dynamic ?? bare ?? '');
}

function stageOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function isTest(path: string): boolean {
  return /\.(test|bench)\.ts$|\/testing\//.test(path);
}

function packageOf(specifier: string): string {
  const [scope = '', name = ''] = specifier.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

/** @returns what is wrong with one import, or undefined. */
function breach(source: Source, specifier: string): string | undefined {
  const name = stageOf(source.path);
  const stage = STAGES[name];
  const inTest = isTest(source.path);
  if (!stage) return `${source.path} is in no stage of the table`;
  if (specifier.startsWith('node:')) {
    return stage.pure && !inTest ? `${source.path} is pure and imports ${specifier}` : undefined;
  }
  if (!specifier.startsWith('.')) {
    const allowed = [...stage.packages, ...(inTest ? TEST_PACKAGES : [])];
    return allowed.includes(packageOf(specifier)) ? undefined : `${source.path} imports the package ${specifier}`;
  }
  const target = relative(ROOT, join(ROOT, dirname(source.path), specifier));
  const other = stageOf(target);
  if (!target.startsWith('src/')) return `${source.path} imports ${target}, which is no source`;
  if (other === name || inTest) return undefined;
  if (!stage.uses.includes(other)) return `${source.path} (${name}) must not use ${other}`;
  const entry = target === `src/${other}/index.ts` || target.startsWith('src/envoy/gen/') || /-api\.ts$/.test(target);
  return entry ? undefined : `${source.path} enters ${other} by ${target} instead of its index.ts`;
}

function none(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join('\n')}`);
}

test('every stage uses only stages before it, and enters them by their index.ts', () => {
  none(STAGE_SOURCES.flatMap((source) => importsOf(source).flatMap((specifier) => breach(source, specifier) ?? [])));
});

test('the table itself has no circles', () => {
  const names = Object.keys(STAGES);
  for (const [name, { uses, pure }] of Object.entries(STAGES)) {
    for (const used of uses) {
      assert.ok(names.includes(used), `${name} uses ${used}, which is no stage`);
      assert.ok(!STAGES[used]?.uses.includes(name), `${name} and ${used} use each other`);
      if (pure) assert.ok(STAGES[used]?.pure, `${name} is pure and uses ${used}, which is not`);
    }
  }
});

test('every stage has an index.ts that says what it takes, gives and must never do', () => {
  const present = new Set(STAGE_SOURCES.map(({ path }) => stageOf(path)));
  none(
    [...present].flatMap((name) => {
      const index = read(`src/${name}/index.ts`);
      if (!index) return name === 'cli' ? [] : [`src/${name} has no index.ts`];
      return /^\/\*\*[\s\S]*?must never/i.test(index.text)
        ? []
        : [`src/${name}/index.ts does not say what it must never do`];
    }),
  );
});

test('pure stages read no clock, no chance and no global of a platform', () => {
  const impure =
    /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|process\.|setTimeout|setInterval|fetch\(|console\.)/;
  none(
    STAGE_SOURCES.filter(({ path }) => STAGES[stageOf(path)]?.pure && !isTest(path)).flatMap(({ path, text }) => {
      const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
      const found = impure.exec(code);
      return found ? [`${path} uses ${found[0]}`] : [];
    }),
  );
});

/** Lines: beyond `ASK` a file needs a reason here, beyond `STOP` there is none. */
const ASK = 300;
const STOP = 500;
const LARGE_FOR_A_REASON: Readonly<Record<string, string>> = {};

test('files stay short', () => {
  none(
    SOURCES.flatMap(({ path, text }) => {
      const lines = text.split('\n').length - 1;
      const allowed = path in LARGE_FOR_A_REASON || isTest(path) ? STOP : ASK;
      return lines > allowed ? [`${path} has ${lines} lines, more than ${allowed}: split it by what it is about`] : [];
    }),
  );
});

const FUNCTION_LINES = 60;
/** The line that opens a function; the formatter puts its closing brace at the same indentation. */
const OPENING =
  /^(\s*)(?:export )?(?:default )?(?:(?:async )?function\b.*|(?:(?:static|async|private|public|get|set) )*[#\w]+\(.*\).*|const \w+.* =>|.*\) =>) \{$/;

/** @returns the functions of a file with more lines than allowed. */
function longFunctions({ path, text }: Source): readonly string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, start) => {
    const opening = OPENING.exec(line);
    if (!opening || /^\s*(if|for|while|switch|describe|test|it)\b/.test(line)) return [];
    const end = lines.findIndex((other, index) => index > start && other.startsWith(`${opening[1] ?? ''}}`));
    const length = end - start + 1;
    return length > FUNCTION_LINES
      ? [`${path}:${start + 1}: a function of ${length} lines, more than ${FUNCTION_LINES}`]
      : [];
  });
}

test('functions stay short', () => {
  none(SOURCES.filter(({ path }) => !isTest(path)).flatMap(longFunctions));
});

test('files and folders are named in kebab-case for what they are', () => {
  // Envoy's HTTP connection manager is called that.
  const empty = /(^|[-/])(utils?|helpers?|common|managers?|misc)([-./]|$)/;
  none(
    SOURCES.flatMap(({ path }) => {
      if (empty.test(path.replace('connection-manager', '')))
        return [`${path}: the name says nothing about what is in it`];
      const file = path.slice(path.lastIndexOf('/') + 1);
      return /^[a-z0-9]+([-.][a-z0-9]+)*\.ts$/.test(file) ? [] : [`${path} is not kebab-case`];
    }),
  );
});

test('no file knows of the machine it was written on', () => {
  // Written apart, so that this file passes its own test.
  const home = new RegExp(`(^|[^\\w.])/(${['root', 'work', 'home/[a-z]+', 'Users/[a-z]+'].join('|')})/[\\w.]`, 'i');
  const texts = FILES.filter((path) => /\.(ts|mjs|js|json|ya?ml|md|sh)$/.test(path)).flatMap(
    (path) => read(path) ?? [],
  );
  none(
    texts.flatMap(({ path, text }) => {
      const line = text.split('\n').findIndex((each) => home.test(each));
      return line < 0 ? [] : [`${path}:${line + 1} names a path of one machine`];
    }),
  );
});

test('packages come from the public registry', () => {
  const lock = read('package-lock.json')?.text ?? '';
  const hosts = new Set([...lock.matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map(([, host]) => host));
  assert.ok(
    [...hosts].every((host) => host === 'registry.npmjs.org'),
    [...hosts].join(', '),
  );
});
