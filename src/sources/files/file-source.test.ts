import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterId } from '../../model/index.ts';
import type { SourceBatch } from '../config-source.ts';
import { FileSource } from './file-source.ts';
import { MAX_FILE_BYTES } from './read-manifest-file.ts';

function service(name: string, version = '1'): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n  labels: {version: "${version}"}\n`;
}

/** Everything that a source tells, folded into what is there now. */
class World {
  readonly objects = new Map<string, string>();
  readonly diagnostics = new Map<string, string[]>();
  readonly batches: SourceBatch[] = [];
  changedAtMs = 0;

  apply(batch: SourceBatch): void {
    this.changedAtMs = performance.now();
    this.batches.push(batch);
    for (const ref of batch.deleted) this.objects.delete(ref.name);
    for (const object of batch.set) this.objects.set(object.ref.name, object.meta.labels['version'] ?? '');
    for (const { file, diagnostics } of batch.diagnostics) {
      this.diagnostics.set(
        file,
        diagnostics.map(({ code }) => code),
      );
    }
  }

  async until(holds: (world: World) => boolean): Promise<void> {
    for (let left = 300; left > 0; left--) {
      if (holds(this)) return;
      await sleep(10);
    }
    assert.fail(`never came: ${JSON.stringify([...this.objects])} ${JSON.stringify([...this.diagnostics])}`);
  }
}

async function withFolder(
  body: (folder: string, world: World, start: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pelagos-files-'));
  const world = new World();
  const source = new FileSource({ cluster: 'c1' as ClusterId, folders: [folder], rescanMs: 200 });
  try {
    await body(folder, world, () => source.start(world));
  } finally {
    await source.stop();
    await rm(folder, { recursive: true });
  }
}

test('all that is there is given before start resolves, in one batch', async () => {
  await withFolder(async (folder, world, start) => {
    await mkdir(join(folder, 'deep/er'), { recursive: true });
    await writeFile(join(folder, 'a.yaml'), service('a'));
    await writeFile(join(folder, 'deep/er/b.yml'), service('b'));
    await writeFile(join(folder, 'c.json'), '{"apiVersion":"v1","kind":"Service","metadata":{"name":"c"}}');
    await writeFile(join(folder, '.hidden.yaml'), service('hidden'));
    await writeFile(join(folder, 'notes.txt'), service('notes'));
    await start();
    assert.deepEqual([...world.objects.keys()].sort(), ['a', 'b', 'c']);
    assert.equal(world.batches.length, 1);
  });
});

test('an empty folder is a full listing as well', async () => {
  await withFolder(async (_folder, world, start) => {
    await start();
    assert.equal(world.batches.length, 1);
  });
});

test('saving a file is seen within 50 ms', async () => {
  await withFolder(async (folder, world, start) => {
    await writeFile(join(folder, 'a.yaml'), service('a'));
    await start();
    const delays: number[] = [];
    for (let version = 2; version < 7; version++) {
      const savedAtMs = performance.now();
      await writeFile(join(folder, 'a.yaml'), service('a', String(version)));
      await world.until(({ objects }) => objects.get('a') === String(version));
      delays.push(world.changedAtMs - savedAtMs);
      await sleep(80);
    }
    const median = delays.sort((x, y) => x - y)[2] ?? 0;
    assert.ok(median < 50, `took ${delays.map(Math.round).join(', ')} ms`);
  });
});

test('new files, new folders and deleted files', async () => {
  await withFolder(async (folder, world, start) => {
    await start();
    await mkdir(join(folder, 'new'));
    await writeFile(join(folder, 'new/a.yaml'), service('a'));
    await world.until(({ objects }) => objects.has('a'));
    await writeFile(join(folder, 'new/b.yaml'), service('b'));
    await world.until(({ objects }) => objects.has('b'));
    await unlink(join(folder, 'new/a.yaml'));
    await world.until(({ objects }) => !objects.has('a'));
    await rm(join(folder, 'new'), { recursive: true });
    await world.until(({ objects }) => objects.size === 0);
  });
});

test('editors that write another file and rename it', async () => {
  await withFolder(async (folder, world, start) => {
    await writeFile(join(folder, 'a.yaml'), service('a'));
    await start();
    await writeFile(join(folder, 'a.yaml~'), service('a', '2'));
    await rename(join(folder, 'a.yaml~'), join(folder, 'a.yaml'));
    await world.until(({ objects }) => objects.get('a') === '2');
    await rename(join(folder, 'a.yaml'), join(folder, 'a.old'));
    await sleep(15);
    await writeFile(join(folder, 'a.yaml'), service('a', '3'));
    await world.until(({ objects }) => objects.get('a') === '3');
    assert.equal(world.batches.flatMap((batch) => batch.deleted).length, 0);
  });
});

test('a file that is empty for a moment takes nothing away', async () => {
  await withFolder(async (folder, world, start) => {
    await writeFile(join(folder, 'a.yaml'), service('a'));
    await start();
    await truncate(join(folder, 'a.yaml'));
    await sleep(25);
    await writeFile(join(folder, 'a.yaml'), service('a', '2'));
    await world.until(({ objects }) => objects.get('a') === '2');
    assert.equal(world.batches.flatMap((batch) => batch.deleted).length, 0);
    await truncate(join(folder, 'a.yaml'));
    await world.until(({ objects }) => !objects.has('a'));
  });
});

test('links lead no further than the folder', async () => {
  await withFolder(async (folder, world, start) => {
    await mkdir(join(folder, '..data'));
    await writeFile(join(folder, '..data/inside.yaml'), service('inside'));
    await symlink(join(folder, '..data/inside.yaml'), join(folder, 'inside.yaml'));
    const outside = `${folder}-outside.yaml`;
    await writeFile(outside, service('outside'));
    await symlink(outside, join(folder, 'outside.yaml'));
    await symlink(join(folder, 'nothing.yaml'), join(folder, 'dangling.yaml'));
    await symlink(folder, join(folder, 'loop'));
    await start();
    await unlink(outside);
    assert.deepEqual([...world.objects.keys()], ['inside']);
    assert.deepEqual([...world.diagnostics], [[join(folder, 'outside.yaml'), ['PEL1006']]]);
  });
});

test('a file over the limit is not read, and keeps what it gave before', async () => {
  await withFolder(async (folder, world, start) => {
    await writeFile(join(folder, 'a.yaml'), service('a'));
    await start();
    await writeFile(join(folder, 'a.yaml'), `${service('a', '2')}#${'x'.repeat(MAX_FILE_BYTES)}`);
    await world.until(({ diagnostics }) => diagnostics.get(join(folder, 'a.yaml'))?.[0] === 'PEL1002');
    assert.equal(world.objects.get('a'), '1');
  });
});

test('a folder that does not exist is reported', async () => {
  const world = new World();
  const source = new FileSource({ cluster: 'c1' as ClusterId, folders: ['/no/such/folder'] });
  await source.start(world);
  await source.stop();
  assert.deepEqual([...world.diagnostics], [['/no/such/folder', ['PEL1007']]]);
});
