// an ingress to a web server in an instance
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { client, refused, unique, withInstance } from './fleet.mjs';

const get = (host) => new Promise((resolve, reject) => {
  request({ host: '127.0.0.1', port: process.env.E2E_INGRESS_PORT, headers: { Host: host } }, (response) => {
    let body = '';
    response.on('data', (chunk) => (body += chunk)).on('end', () => resolve({ status: response.statusCode, body }));
  }).on('error', reject).end();
});
async function until(host, status) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const answer = await get(host);
    if (answer.status === status) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${host} never answered ${status}`);
}

const name = unique('web');
const hostname = `${name}.example.com`;
const server = 'mkdir -p /www && echo "page of $(hostname)" > /www/index.html && exec httpd -f -p 8000 -h /www';
await withInstance({ name, entrypoint: ['/bin/sh', '-c'], cmd: [server] }, async (instance) => {
  const spec = { name, rules: [{ match: { hostname }, target: { instance: name, port: 8000 } }] };
  const ingress = await client.ingresses.create(spec);
  try {
    assert.match((await until(hostname, 200)).body, new RegExp(`page of ${name}`));
    await refused(409, 'already_exists', () => client.ingresses.create({ ...spec, rules: [{ ...spec.rules[0], match: { hostname: `x${hostname}` } }] }));
    await refused(409, 'hostname_in_use', () => client.ingresses.create({ ...spec, name: unique('other') }));
    await refused(400, 'instance_not_found', () => client.ingresses.create({ name: unique('none'), rules: [{ match: { hostname: `y${hostname}` }, target: { instance: 'no-such', port: 1 } }] }));

    await client.instances.stop(instance.id);
    assert.equal((await until(hostname, 502)).status, 502);
    await client.instances.start(instance.id, {});
    await client.instances.wait(instance.id, { state: 'Running', timeout: '120s' });
    assert.match((await until(hostname, 200)).body, new RegExp(`page of ${name}`));

    // Each request comes as soon as it sleeps, and wakes it.
    for (let nap = 0; nap < 3; nap++) {
      assert.equal((await client.instances.standby(instance.id, {})).state, 'Standby');
      const [one, other] = await Promise.all([get(hostname), get(hostname)]);
      assert.deepEqual([one.status, other.status], [200, 200], one.body + other.body);
      assert.equal((await client.instances.get(instance.id)).state, 'Running');
    }
    // While it falls asleep, too.
    const asleep = client.instances.standby(instance.id, {});
    for (let request = 0; request < 20; request++) assert.equal((await get(hostname)).status, 200);
    await asleep.catch((e) => assert.equal(e.status, 409, e.message));
    assert.equal((await get(hostname)).status, 200);
  } finally {
    await client.ingresses.delete(ingress.id);
  }
  assert.match((await until(hostname, 404)).body, /Not found: no ingress configured for hostname/);
});
