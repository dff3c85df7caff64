import { formatTable } from '../src/cli/output/table.ts';
import type { BenchReport } from './report.ts';

/** The report for people. */
export function formatReport({ machine, start, change, paths, memory, source, verdicts }: BenchReport): string {
  const sections = [
    section('start to the first answer of http://service.cluster2 in cluster1', [
      ['START', 'FIRST ANSWER', 'ALL READY', 'ENVOYS'],
      ...start.map((row) => [row.kind, ms(row.firstAnswerMs), ms(row.allReadyMs), String(row.envoys)]),
    ]),
    section('requests', [
      ['PATH', 'CONNECTIONS', 'REQ/S', 'P50', 'P99', 'REQ/S : DIRECT', 'P50 : DIRECT', 'FAILED'],
      ...paths.map((row) => [
        row.path,
        String(row.connections),
        row.requestsPerSecond.toFixed(0),
        ms(row.p50Ms),
        ms(row.p99Ms),
        row.throughputRatio.toFixed(2),
        row.latencyRatio.toFixed(2),
        String(row.failedRequests),
      ]),
    ]),
    section('change on disk to the first request that sees it', [
      ['SERVICES', 'CHANGES', 'P50', 'P99', 'MAX', 'FAILED REQUESTS'],
      ...change.map((row) => [
        String(row.services),
        String(row.changes),
        ms(row.p50Ms),
        ms(row.p99Ms),
        ms(row.maxMs),
        `${row.failedRequests} of ${row.requests}`,
      ]),
    ]),
    section('resident memory', [
      ['PROCESS', 'ROLE', ...headsOf(memory[0]), 'RATIO', 'RATIO OF ANONYMOUS'],
      ...memory.map((row) => [
        row.process,
        row.role,
        mib(row.small.residentBytes),
        mib(row.large.residentBytes),
        row.residentRatio.toFixed(3),
        row.anonymousRatio.toFixed(3),
      ]),
    ]),
    section('objects of a cluster', sourceRows(source)),
    section(
      'promises',
      verdicts.map(({ promise, pass, seen }) => [pass ? 'pass' : 'FAIL', promise, seen]),
    ),
  ];
  const size = `${machine.cpus} CPUs (${machine.cpuModel}), ${mib(machine.memoryBytes)}, Node ${machine.node}, ${machine.envoy}`;
  const load = machine.loadAverage.toFixed(1);
  const isBusy = machine.loadAverage > machine.cpus;
  const note = isBusy ? '\nOther programs kept the CPUs busy: times are longer than on an idle machine.' : '';
  return `${sections.join('\n')}\n${size}, load ${load} before the run${note}\n`;
}

function sourceRows(source: BenchReport['source']): readonly (readonly string[])[] {
  return [
    ['OBJECTS', 'READ PER SECOND', 'KIB SENT EACH', 'KIB KEPT EACH', 'CHANGES PER SECOND', 'LONGEST PAUSE'],
    [
      String(source.objects),
      source.objectsPerSecond.toFixed(0),
      (source.wireBytesPerObject / 1024).toFixed(1),
      (source.heapBytesPerObject / 1024).toFixed(1),
      source.changesPerSecond.toFixed(0),
      ms(source.longestPauseMs),
    ],
  ];
}

function headsOf(row: BenchReport['memory'][number] | undefined): readonly string[] {
  return [`${row?.small.services ?? 0} SERVICES`, `${row?.large.services ?? 0} SERVICES`];
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return `${title}\n${formatTable(rows)}`;
}

function ms(value: number): string {
  return value >= 100 ? `${value.toFixed(0)} ms` : `${value.toFixed(value >= 10 ? 1 : 2)} ms`;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
