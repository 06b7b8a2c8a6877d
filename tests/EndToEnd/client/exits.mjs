// a program that ends: exit code, message, Stopped; and a start with another command
import assert from 'node:assert/strict';
import { client, image, unique } from './fleet.mjs';

const created = await client.instances.create({
  name: unique('exit'), image, size: '256MB', vcpus: 1, overlay_size: '1GB', entrypoint: ['/bin/sh', '-c'], cmd: ['echo bye; exit 3'],
});
try {
  assert.equal((await client.instances.wait(created.id, { state: 'Stopped', timeout: '120s' })).state, 'Stopped');
  const ended = await client.instances.get(created.id);
  assert.equal(ended.exit_code, 3);
  assert.equal(ended.exit_message, 'exit code 3');

  await client.instances.start(created.id, { cmd: ['sleep 1000'] });
  assert.equal((await client.instances.wait(created.id, { state: 'Running', timeout: '120s' })).state, 'Running');
  assert.equal((await client.instances.get(created.id)).exit_code ?? null, null);
} finally {
  await client.instances.delete(created.id);
}
