// bad input: each a clear refusal in the contract's shape
import assert from 'node:assert/strict';
import { client, image, refused, unique } from './fleet.mjs';

const create = (body) => () => client.instances.create({ name: unique('bad'), image, size: '256MB', overlay_size: '1GB', ...body });
const names = async (field, status, code, call) => assert.match((await refused(status, code, call)).message, new RegExp(field, 'i'));

await names('size', 400, 'invalid_size', create({ size: '1.5GB' }));
await names('overlay_size', 400, 'invalid_overlay_size', create({ overlay_size: 'lots' }));
await names('vcpus', 400, 'invalid_request', create({ vcpus: 1000 }));
await names('memory|size', 400, 'invalid_request', create({ size: '1TB' }));
await refused(400, 'invalid_name', create({ image: 'UPPER/Case:???' }));
for (const body of [{ name: 'No Capitals' }, { vcpus: 'two' }, { unknown_field: 1 }, { tags: { 'bad\u0000key': 'x' } }]) {
  const error = await create(body)().then(() => assert.fail('accepted'), (e) => e);
  assert.equal(error.status, 400, JSON.stringify(body));
  assert.ok(error.error?.code && error.error?.message, JSON.stringify(error.error));
}
await refused(404, 'not_found', () => client.instances.get('nothing-here'));
await refused(404, 'not_found', () => client.images.get('nothing/here:latest'));
assert.equal((await client.health.check()).status, 'ok');

const anonymous = client.withOptions({ apiKey: 'not-a-token' });
await refused(401, 'Unauthorized', () => anonymous.instances.list());
