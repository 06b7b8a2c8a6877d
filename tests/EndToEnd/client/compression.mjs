// snapshots and standbys that are compressed, and what goes on from them
import assert from 'node:assert/strict';
import { client, eventually, refused, withInstance } from './fleet.mjs';

await withInstance({}, async (source) => {
  const wish = { enabled: true, algorithm: 'zstd', level: 1 };
  await refused(400, 'invalid_snapshot_compression', () =>
    client.instances.snapshots.create(source.id, { kind: 'Standby', compression: { enabled: true, algorithm: 'brotli' } }));
  const taken = await client.instances.snapshots.create(source.id, { kind: 'Standby', compression: wish });
  let fork;
  try {
    assert.ok(['compressing', 'compressed'].includes(taken.compression_state), taken.compression_state);
    assert.deepEqual(taken.compression, wish);
    await eventually(async () => (await client.snapshots.get(taken.id)).compression_state === 'compressed', 60);
    const packed = await client.snapshots.get(taken.id);
    assert.ok(packed.compressed_size_bytes < packed.uncompressed_size_bytes, `${packed.compressed_size_bytes} of ${packed.uncompressed_size_bytes}`);
    fork = await client.snapshots.fork(taken.id, { name: `${source.name}-unpacked`, target_state: 'Running' });
    assert.equal((await client.instances.stat(fork.id, { path: '/' })).exists, true);

    await client.instances.standby(source.id, { compression: { enabled: true, algorithm: 'lz4' } });
    assert.equal((await client.instances.restore(source.id)).state, 'Running');
    assert.equal((await client.instances.stat(source.id, { path: '/' })).exists, true);
  } finally {
    if (fork) await client.instances.delete(fork.id);
    await client.snapshots.delete(taken.id);
  }
});
