// standby, restore
import assert from 'node:assert/strict';
import { client, refused, withInstance } from './fleet.mjs';

await withInstance({}, async (running) => {
  const asleep = await client.instances.standby(running.id);
  assert.deepEqual({ state: asleep.state, has_snapshot: asleep.has_snapshot }, { state: 'Standby', has_snapshot: true });
  assert.equal((await client.instances.wait(running.id, { state: 'Standby', timeout: '5s' })).timed_out, false);
  const conflict = await refused(409, 'invalid_state', () => client.instances.standby(running.id));
  assert.equal(conflict.headers.get('x-should-retry'), 'false');
  await refused(409, 'invalid_state', () => client.instances.stat(running.id, { path: '/' }));

  const awake = await client.instances.restore(running.id);
  assert.deepEqual({ state: awake.state, has_snapshot: awake.has_snapshot }, { state: 'Running', has_snapshot: false });
  assert.deepEqual([awake.network.ip, awake.network.mac, awake.started_at], [running.network.ip, running.network.mac, running.started_at]);
  assert.equal((await client.instances.stat(running.id, { path: '/' })).exists, true);
  await refused(409, 'invalid_state', () => client.instances.restore(running.id));
});
