import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { MemorySample } from './report.ts';

/**
 * Resident memory of a process. Linux: `smaps_rollup`, because the numbers of `status` may lag by some pages per thread;
 * elsewhere `ps`, which does not tell the anonymous part.
 */
export function memoryOf(pid: number): Omit<MemorySample, 'services'> {
  if (process.platform !== 'linux') {
    const text = execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
    return { residentBytes: Number(text.trim()) * 1024, anonymousBytes: 0 };
  }
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return { residentBytes: lineOf(text, 'Rss'), anonymousBytes: lineOf(text, 'Anonymous') };
}

function lineOf(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
}
