/**
 * `npm run bench [-- -o json] [-- --save]`: starts whole meshes with real Envoys on this machine's loopback, measures, and
 * says whether the promises hold. The table goes to the output, progress to the error output.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Fleet, ROOT, stopFleets } from './fleet.ts';
import { formatReport } from './format-report.ts';
import { measureChange } from './measure-change.ts';
import { compareMemory, judgeMemory, type MemoryMap, measureMemory } from './measure-memory.ts';
import { measurePaths } from './measure-paths.ts';
import { judgeSource, measureSource } from './measure-source.ts';
import { measureStart } from './measure-start.ts';
import { REAL_SERVICES, writeMeshFolder } from './mesh-folder.ts';
import type { BenchReport, ChangeResult, Machine, PathResult, StartResult, Verdict } from './report.ts';

const LARGE_SERVICES = 1_000;
const CHANGES = 40;
const LARGE_CLUSTER_PODS = 10_000;
/** What a person waits for the mesh, once everything is set up. */
const SECOND_START_LIMIT_MS = 5_000;
/** What shells give for a command that Ctrl-C ended. */
const INTERRUPTED = 130;

interface MeshResult {
  readonly paths: readonly PathResult[];
  readonly change: ChangeResult;
  readonly memory: MemoryMap;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One mesh of so many services; memory first, before the load of the other measurements. */
async function measureMesh(scratch: string, services: number): Promise<MeshResult> {
  const dir = join(scratch, `mesh-${services}`);
  writeMeshFolder(dir, services);
  const fleet = Fleet.start(dir, scratch);
  try {
    const readyMs = await fleet.ready();
    progress(`mesh of ${services} services: ready after ${(readyMs / 1000).toFixed(1)} s; memory ...`);
    const memory = await measureMemory(fleet, services);
    progress(`mesh of ${services} services: changes ...`);
    const change = await measureChange(fleet, { services, changes: CHANGES });
    if (services > REAL_SERVICES) return { memory, change, paths: [] };
    progress(`mesh of ${services} services: requests ...`);
    return { memory, change, paths: await measurePaths(fleet) };
  } finally {
    await fleet.down();
  }
}

async function bench(scratch: string): Promise<BenchReport> {
  const when = new Date().toISOString();
  const machine = describeMachine();
  const start: StartResult[] = [];
  for (const kind of ['cold', 'second'] as const) {
    progress(`examples/two-clusters: ${kind} start ...`);
    start.push(await measureStart(kind, scratch));
  }
  progress(`objects of a cluster with ${LARGE_CLUSTER_PODS} pods ...`);
  const source = await measureSource(LARGE_CLUSTER_PODS);
  const small = await measureMesh(scratch, REAL_SERVICES);
  const large = await measureMesh(scratch, LARGE_SERVICES);
  const memory = compareMemory(small.memory, large.memory);
  const change = [small.change, large.change];
  const verdicts = [judgeStart(start), judgeMemory(memory), judgeSource(source), judgeFailures(change, small.paths)];
  return { when, machine, start, change, paths: small.paths, memory, source, verdicts };
}

function judgeStart(start: readonly StartResult[]): Verdict {
  const ms = start.find(({ kind }) => kind === 'second')?.firstAnswerMs ?? Number.POSITIVE_INFINITY;
  return {
    promise: `a second start answers across clusters within ${SECOND_START_LIMIT_MS / 1000} s`,
    pass: ms <= SECOND_START_LIMIT_MS,
    seen: `${(ms / 1000).toFixed(1)} s`,
  };
}

function judgeFailures(change: readonly ChangeResult[], paths: readonly PathResult[]): Verdict {
  const failed = [...change, ...paths].reduce((sum, row) => sum + row.failedRequests, 0);
  const all = [...change, ...paths].reduce((sum, row) => sum + row.requests, 0);
  return {
    promise: 'no request fails, under load and while rules change',
    pass: failed === 0,
    seen: `${failed} of ${all}`,
  };
}

function describeMachine(): Machine {
  const list = cpus();
  return {
    cpus: list.length,
    cpuModel: list[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    envoy: `Envoy ${envoyVersion()}`,
    loadAverage: loadavg()[0] ?? 0,
  };
}

/** `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL` */
function envoyVersion(): string {
  const text = execFileSync(process.env['PELAGOS_ENVOY'] || 'envoy', ['--version'], { encoding: 'utf8' });
  return /\/(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? 'of an unknown version';
}

function save(report: BenchReport): string {
  const folder = join(ROOT, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${report.when.slice(0, 10)}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { output: { type: 'string', short: 'o', default: 'table' }, save: { type: 'boolean', default: false } },
  });
  // Short: sockets below it may have 104 bytes on some systems.
  const scratch = mkdtempSync(join(tmpdir(), 'pb-'));
  const cleanUp = (): void => rmSync(scratch, { recursive: true, force: true });
  let stopping: Promise<void> | undefined;
  const interrupt = (): void => {
    if (stopping) return;
    progress('stopping ...');
    stopping = stopFleets().then(cleanUp);
    stopping.finally(() => process.exit(INTERRUPTED));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  try {
    const report = await bench(scratch);
    process.stdout.write(values.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report));
    if (values.save) progress(`saved as ${save(report)}`);
    return report.verdicts.every(({ pass }) => pass) ? 0 : 1;
  } catch (error) {
    // The measurement that was interrupted failed; that is nothing to tell.
    if (stopping) await stopping;
    else progress(`the benchmark stopped: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await stopFleets();
    cleanUp();
  }
}

process.exitCode = await main();
