// create, list, get, wait, stop, start, delete
import assert from 'node:assert/strict';
import { client, image, refused, unique } from './fleet.mjs';

const name = unique('life');
const created = await client.instances.create({
  name, image, size: '256MB', vcpus: 1, overlay_size: '1GB', tags: { team: 'a b', run: name }, env: { GREETING: 'hi' },
});
assert.match(created.id, /^[a-z][a-z0-9]{23}$/);
assert.equal(created.name, name);
assert.ok(['Created', 'Initializing', 'Running'].includes(created.state), created.state);
assert.equal(created.size, '256.0 MB');
assert.equal(created.overlay_size, '1024.0 MB');
assert.equal(created.network.enabled, true);

try {
  await refused(400, 'name_conflict', () => client.instances.create({ name, image, size: '256MB', overlay_size: '1GB' }));

  const running = await client.instances.wait(created.id, { state: 'Running', timeout: '120s' });
  assert.deepEqual({ state: running.state, timed_out: running.timed_out }, { state: 'Running', timed_out: false });

  const found = await client.instances.get(name);
  assert.equal(found.id, created.id);
  assert.equal((await client.instances.get(created.id.slice(0, 12))).id, created.id);
  assert.match(found.network.ip, /^10\./);
  assert.match(found.network.mac, /^02:00:00:/);
  assert.deepEqual(found.env, { GREETING: 'hi' });
  assert.equal(found.exit_code ?? null, null);

  const ids = async (query) => (await client.instances.list(query)).map((i) => i.id);
  assert.ok((await ids()).includes(created.id));
  assert.deepEqual(await ids({ tags: { run: name } }), [created.id]);
  assert.deepEqual(await ids({ tags: { run: name, team: 'a b' }, state: 'Running' }), [created.id]);
  assert.deepEqual(await ids({ tags: { run: name, team: 'other' } }), []);
  assert.deepEqual(await ids({ tags: { run: name }, state: 'Stopped' }), []);

  const conflict = await refused(409, 'invalid_state', () => client.instances.start(created.id, {}));
  assert.equal(conflict.headers.get('x-should-retry'), 'false');

  const stopped = await client.instances.stop(created.id);
  assert.equal(stopped.state, 'Stopped');
  assert.ok(stopped.stopped_at);
  await refused(409, 'invalid_state', () => client.instances.stop(created.id));

  await client.instances.start(created.id, {});
  assert.equal((await client.instances.wait(created.id, { state: 'Running', timeout: '120s' })).state, 'Running');
  const again = await client.instances.get(created.id);
  assert.equal(again.network.ip, found.network.ip);
  assert.ok(again.phase_durations_ms.stopped >= 0);
  assert.equal(again.current_phase, 'running');
} finally {
  await client.instances.delete(created.id);
}
await refused(404, 'not_found', () => client.instances.get(created.id));
assert.deepEqual(await client.instances.list({ tags: { run: name } }), []);
