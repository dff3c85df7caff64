import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { reapLeftovers } from './end-processes.ts';
import { ProcessGroup } from './process-group.ts';
import { formatProcessRecord, readProcessRecords } from './process-record.ts';
import type { ProcessSpec } from './process-spec.ts';
import { listProcesses, startTimeOf } from './process-table.ts';

let folder = '';
let records = '';
let group: ProcessGroup;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pelagos-process-'));
  records = join(folder, 'processes');
  group = new ProcessGroup(records);
});
afterEach(async () => {
  await group.killAll();
  rmSync(folder, { recursive: true, force: true });
});

function shell(script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    name: 'test/app',
    command: 'sh',
    args: ['-c', script],
    env: { PATH: process.env['PATH'] ?? '/bin:/usr/bin', FOLDER: folder },
    cwd: folder,
    logFile: join(folder, 'logs', 'app.log'),
    restart: 'never',
    ...more,
  };
}

async function until(check: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!check()) {
    assert.ok(performance.now() < end, `not within ${timeoutMs} ms: ${check}`);
    await sleep(10);
  }
}

async function pidIn(name: string): Promise<number> {
  const path = join(folder, name);
  const read = (): number => {
    try {
      return Number(readFileSync(path, 'utf8').trim());
    } catch {
      return 0;
    }
  };
  await until(() => read() > 0);
  return read();
}

test('a process writes its output to its log and is noted while it runs', async () => {
  const app = group.start(shell('echo hello; echo oops >&2; echo $$ > $FOLDER/pid; sleep 60'));
  assert.equal(app.status().pid, await pidIn('pid'));
  assert.deepEqual(
    readProcessRecords(records).map(({ pid, name }) => [pid, name]),
    [[app.status().pid, 'test/app']],
  );
  await until(() => app.logTail() === 'hello\noops');
  await app.stop();
  assert.equal(app.status().phase, 'stopped');
  assert.equal(app.status().lastEnd?.signal, 'SIGTERM');
  assert.deepEqual(readdirSync(records), []);
});

test('stop ends grandchildren, and those who ignore SIGTERM after the grace', async () => {
  const app = group.start(
    shell(
      `trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $! > $FOLDER/child; while :; do sleep 1; done`,
    ),
  );
  const child = await pidIn('child');
  const before = performance.now();
  await app.stop(200);
  assert.ok(performance.now() - before >= 190);
  assert.equal(startTimeOf(child), undefined);
  assert.deepEqual(
    listProcesses().filter(({ groupId }) => groupId === app.status().pid),
    [],
  );
  assert.equal(app.status().lastEnd?.signal, 'SIGKILL');
});

test('kill does not wait for the grace of a stop under way', async () => {
  const app = group.start(shell(`trap '' TERM; echo 1 > $FOLDER/pid; while :; do sleep 1; done`));
  await pidIn('pid');
  const before = performance.now();
  const stopped = app.stop(30_000);
  await app.kill();
  await stopped;
  assert.ok(performance.now() - before < 5_000);
});

test('a process that left its group ends with the fleet', { skip: process.platform !== 'linux' }, async () => {
  group.start(shell("setsid sh -c 'echo $$ > $FOLDER/daemon; sleep 60' & sleep 60"));
  const daemon = await pidIn('daemon');
  await group.stopAll(1_000);
  assert.equal(startTimeOf(daemon), undefined);
});

test('a process that ends is started again, at longer and longer intervals, and what it left is ended', async () => {
  const app = group.start(
    shell('sleep 60 & echo $! > $FOLDER/child; exit 3', {
      restart: 'always',
      backOff: { initialMs: 300, maxMs: 400, resetAfterMs: 10_000 },
    }),
  );
  const phases: string[] = [];
  app.onChange(() => phases.push(app.status().phase));
  await until(() => app.status().restarts >= 2 && app.status().phase === 'waiting');
  const { lastEnd, nextTryAtMs } = app.status();
  assert.equal(lastEnd?.exitCode, 3);
  assert.equal(lastEnd?.reason, 'exit code 3');
  assert.equal((nextTryAtMs ?? 0) - (lastEnd?.atMs ?? 0), 400);
  assert.match(app.logTail(), /test\/app ended \(exit code 3; it is started again in 400 ms\)/);
  const child = await pidIn('child');
  await app.stop();
  assert.equal(startTimeOf(child), undefined);
  const { restarts } = app.status();
  await sleep(600);
  assert.equal(app.status().restarts, restarts);
  assert.deepEqual(phases.slice(0, 3), ['waiting', 'running', 'waiting']);
});

test('restart on-failure leaves a process alone that ended well', async () => {
  const good = group.start(shell('exit 0', { restart: 'on-failure' }));
  await until(() => good.status().phase === 'ended');
  assert.equal(good.status().lastEnd?.exitCode, 0);
  await good.stop();
  assert.equal(good.status().phase, 'stopped');
});

test('a command that is not there is an end with a reason', async () => {
  const missing = group.start(shell('', { command: join(folder, 'no-such-command') }));
  await until(() => missing.status().phase === 'ended');
  assert.match(missing.status().lastEnd?.reason ?? '', /command not found|ENOENT/);
  const nowhere = group.start(shell('true', { cwd: join(folder, 'no-such-folder') }));
  await until(() => nowhere.status().phase === 'ended');
  assert.match(nowhere.status().lastEnd?.reason ?? '', /not started/);
});

test('no process is started once all are stopped', async () => {
  await group.stopAll();
  assert.throws(() => group.start(shell('true')), /stopping/);
});

/** A second node process that starts one process in a group of its own and is then killed. */
async function killedOwner(script: string): Promise<number> {
  const owner = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { ProcessGroup } from ${JSON.stringify(join(import.meta.dirname, 'process-group.ts'))};
       const spec = JSON.parse(process.argv[1]);
       new ProcessGroup(process.argv[2]).start(spec);
       setInterval(() => {}, 1000);`,
      JSON.stringify(shell(script)),
      records,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const child = await pidIn('child');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  return child;
}

test('what a killed owner left is ended, and only that', async () => {
  const stranger = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  try {
    const child = await killedOwner('sleep 60 & echo $! > $FOLDER/child; wait');
    if (process.platform === 'linux') {
      await until(() => startTimeOf(readProcessRecords(records)[0]?.pid ?? 0) === undefined);
      assert.notEqual(startTimeOf(child), undefined, 'the grandchild should be what is left');
    }
    const record = { pid: stranger.pid ?? 0, startTime: 'another time', name: 'stranger', mark: 'none' };
    writeFileSync(join(records, `${stranger.pid}.json`), formatProcessRecord(record));
    assert.deepEqual((await reapLeftovers(records)).names, ['test/app']);
    assert.equal(startTimeOf(child), undefined);
    assert.notEqual(startTimeOf(stranger.pid ?? 0), undefined);
    assert.deepEqual(readdirSync(records), []);
  } finally {
    stranger.kill('SIGKILL');
  }
});

test('reaping ends a whole group whose leader still runs', async () => {
  const leader = spawn('sh', ['-c', 'sleep 60 & echo $! > "$0"; wait', join(folder, 'child')], {
    detached: true,
    stdio: 'ignore',
  });
  const pid = leader.pid ?? 0;
  const child = await pidIn('child');
  const record = { pid, startTime: startTimeOf(pid) ?? '', name: 'left', mark: 'mark' };
  assert.deepEqual(await reapLeftovers(records), { names: [] });
  await group.start(shell('true')).stop();
  mkdirSync(records, { recursive: true });
  writeFileSync(join(records, `${pid}.json`), formatProcessRecord(record));
  writeFileSync(join(records, 'rubbish.json'), 'rubbish');
  assert.deepEqual(await reapLeftovers(records), { names: ['left'] });
  assert.deepEqual([startTimeOf(pid), startTimeOf(child)], [undefined, undefined]);
});
