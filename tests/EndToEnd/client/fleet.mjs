// What every scenario needs: the official client, an image source read from an OCI layout, and names that do not clash.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Hypeman from '@onkernel/hypeman';

export const client = new Hypeman({ maxRetries: 0 });
export const connection = { baseURL: process.env.HYPEMAN_BASE_URL, apiKey: process.env.HYPEMAN_API_KEY };
export const image = process.env.E2E_IMAGE;

let counter = 0;
export const unique = (prefix) => `${prefix}-${process.pid}-${counter++}`;

/** Runs body with a Running instance of the test image and deletes it in any case. */
export async function withInstance(overrides, body) {
  const created = await client.instances.create({ name: unique('e2e'), image, size: '256MB', vcpus: 1, overlay_size: '1GB', ...overrides });
  try {
    const outcome = await client.instances.wait(created.id, { state: 'Running', timeout: '120s' });
    assert.equal(outcome.timed_out, false, `still ${outcome.state}: ${outcome.state_error}`);
    assert.equal(outcome.state, 'Running', outcome.state_error ?? '');
    return await body(await client.instances.get(created.id));
  } finally {
    await client.instances.delete(created.id);
  }
}

/** Asserts that a call is refused with this status and code, and returns the error. */
export async function refused(status, code, call) {
  const error = await call().then(() => assert.fail(`expected ${status} ${code}, but it was accepted`), (e) => e);
  assert.equal(error.status, status, error.message);
  assert.equal(error.error?.code, code, error.message);
  return error;
}

/** An image of an OCI layout directory, in the shape the client's push takes. */
export function layoutImage(directory) {
  const blob = (digest) => readFileSync(join(directory, 'blobs', ...digest.split(':')));
  const index = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8'));
  const manifest = JSON.parse(blob(index.manifests[0].digest).toString());
  return {
    config: async () => blob(manifest.config.digest),
    layers: async () => manifest.layers.map(({ digest, size }) => ({ digest, size, data: blob(digest) })),
  };
}

/** Waits, at most 10 s or as long as is said, until a condition holds; one that throws does not hold yet. */
export async function eventually(condition, seconds = 10) {
  for (const deadline = Date.now() + seconds * 1000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    try {
      if (await condition()) return;
    } catch (e) {
      if (Date.now() > deadline) throw e;
    }
    assert.ok(Date.now() < deadline, `never true: ${condition}`);
  }
}

export async function imageReady(name) {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const found = await client.images.get(name).catch((e) => (e.status === 404 ? null : Promise.reject(e)));
    if (found?.status === 'ready') return found;
    assert.notEqual(found?.status, 'failed', found?.error ?? '');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`${name} is not ready after 60 s`);
}
