// fork, snapshots: create, list, get, restore in place, fork, delete
import assert from 'node:assert/strict';
import { client, refused, withInstance } from './fleet.mjs';

const made = [];
const keep = (instance) => (made.push(instance.id), instance);

await withInstance({}, async (source) => {
  try {
    await refused(409, 'invalid_state', () => client.instances.fork(source.id, { name: `${source.name}-no` }));
    const live = keep(await client.instances.fork(source.id, { name: `${source.name}-live`, from_running: true }));
    assert.equal(live.state, 'Running');
    assert.notEqual(live.network.ip, source.network.ip);
    await refused(409, 'name_conflict', () => client.instances.fork(source.id, { name: live.name, from_running: true }));

    const snapshot = await client.instances.snapshots.create(source.id, { kind: 'Standby', name: 'first', tags: { team: source.name } });
    assert.deepEqual(
      [snapshot.kind, snapshot.name, snapshot.source_instance_id, snapshot.source_instance_name, snapshot.compression_state],
      ['Standby', 'first', source.id, source.name, 'none']);
    await refused(409, 'conflict', () => client.instances.snapshots.create(source.id, { kind: 'Standby', name: 'first' }));
    await refused(409, 'conflict', () => client.instances.snapshots.create(source.id, { kind: 'Stopped' }));
    assert.deepEqual((await client.snapshots.list({ tags: { team: source.name } })).map((each) => each.id), [snapshot.id]);
    assert.equal((await client.snapshots.get(snapshot.id)).size_bytes, snapshot.size_bytes);

    await refused(409, 'invalid_state', () => client.instances.snapshots.restore(snapshot.id, { id: source.id }));
    await client.instances.standby(source.id);
    const back = await client.instances.snapshots.restore(snapshot.id, { id: source.id });
    assert.deepEqual([back.id, back.name, back.state], [source.id, source.name, 'Running']);
    await refused(400, 'invalid_request', () => client.instances.snapshots.restore(snapshot.id, { id: live.id }));

    const asleep = keep(await client.snapshots.fork(snapshot.id, { name: `${source.name}-asleep`, target_state: 'Standby' }));
    assert.equal(asleep.state, 'Standby');
    assert.equal((await client.instances.restore(asleep.id)).state, 'Running');
    await client.snapshots.delete(snapshot.id);
    await refused(404, 'not_found', () => client.snapshots.get(snapshot.id));
    assert.equal((await client.instances.stat(asleep.id, { path: '/' })).exists, true);
  } finally {
    for (const id of made) await client.instances.delete(id, { graceful_shutdown: false });
  }
});
