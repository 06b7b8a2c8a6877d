// cp both ways, stat
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpFromInstance, cpToInstance } from '@onkernel/hypeman/lib/cp';
import { client, connection, eventually, withInstance } from './fleet.mjs';

const work = mkdtempSync(join(tmpdir(), 'e2e-files-'));
try {
  await withInstance({}, async ({ id }) => {
    const to = (srcPath, dstPath) => cpToInstance(connection, { instanceId: id, srcPath: join(work, srcPath), dstPath });
    // The client takes the destination for a directory.
    const from = (srcPath, dstPath) => cpFromInstance(connection, { instanceId: id, srcPath, dstPath: join(work, dstPath) });

    const big = randomBytes(3 << 20);
    writeFileSync(join(work, 'big.bin'), big, { mode: 0o640 });
    await to('big.bin', '/data/big.bin');
    const stat = await client.instances.stat(id, { path: '/data/big.bin' });
    assert.deepEqual(
      { exists: stat.exists, is_file: stat.is_file, is_dir: stat.is_dir, size: stat.size, mode: stat.mode & 0o777 },
      { exists: true, is_file: true, is_dir: false, size: big.length, mode: 0o640 });
    await from('/data/big.bin', 'back');
    await eventually(() => readFileSync(join(work, 'back/big.bin')).equals(big));

    // A small JSON file is what the client takes for a control message unless the server knows better.
    for (const text of ['{"type":"end","final":true}', '[]', '{"a":1}\n', '{', '']) {
      writeFileSync(join(work, 'small.json'), text);
      await to('small.json', '/data/small.json');
      await from('/data/small.json', 'back');
      await eventually(() => readFileSync(join(work, 'back/small.json'), 'utf8') === text);
      rmSync(join(work, 'back/small.json'));
    }

    mkdirSync(join(work, 'tree/sub'), { recursive: true });
    writeFileSync(join(work, 'tree/a.txt'), 'a');
    writeFileSync(join(work, 'tree/sub/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync('a.txt', join(work, 'tree/link'));
    await to('tree', '/data/tree');
    await from('/data/tree', 'tree-back');
    // The client's promise ends before its last file streams do.
    await eventually(() => readFileSync(join(work, 'tree-back/a.txt'), 'utf8') === 'a');
    await eventually(() => (statSync(join(work, 'tree-back/sub/run.sh')).mode & 0o777) === 0o755);

    assert.deepEqual((await client.instances.stat(id, { path: '/nowhere' })).exists, false);
    const link = await client.instances.stat(id, { path: '/bin/sh' });
    assert.equal(link.exists, true);
    await assert.rejects(from('/nowhere', 'nothing'));
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
