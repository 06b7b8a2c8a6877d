// the client's own push, then the image runs
import assert from 'node:assert/strict';
import { extractPushConfig, pushImage } from '@onkernel/hypeman/lib/push';
import { client, imageReady, layoutImage, refused, unique, withInstance } from './fleet.mjs';

const repository = unique('pushed');
await pushImage(extractPushConfig(client), layoutImage(process.env.E2E_LAYOUT), `${repository}:v1`);
const name = `${new URL(process.env.HYPEMAN_BASE_URL).host}/${repository}:v1`;
const ready = await imageReady(name);
assert.match(ready.digest, /^sha256:[0-9a-f]{64}$/);
assert.ok(ready.size_bytes > 0);
assert.ok((await client.images.list()).some((i) => i.name === name));

await withInstance({ image: name }, async (instance) => assert.equal(instance.image, name));

await client.images.delete(name);
await refused(404, 'not_found', () => client.images.get(name));
