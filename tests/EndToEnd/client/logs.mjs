// logs: tail, sources, follow
import assert from 'node:assert/strict';
import { client, refused, withInstance } from './fleet.mjs';

const script = 'i=0; while true; do echo "line $i"; i=$((i+1)); sleep 0.2; done';
await withInstance({ entrypoint: ['/bin/sh', '-c'], cmd: [script] }, async ({ id }) => {
  const followed = [];
  const stream = await client.instances.logs(id, { follow: true, tail: 1000 });
  for await (const line of stream) {
    if (/^line \d+/.test(line)) followed.push(line.trim());
    if (followed.length >= 5) break;
  }
  stream.controller.abort();
  assert.deepEqual(followed.slice(0, 5), ['line 0', 'line 1', 'line 2', 'line 3', 'line 4']);

  const read = async (query) => { const lines = []; for await (const line of await client.instances.logs(id, query)) lines.push(line); return lines; };
  assert.equal((await read({ tail: 2 })).length, 2);
  assert.ok((await read({ source: 'hypeman' })).length > 0, 'the operations log is empty');
  await read({ source: 'vmm' });
});
await refused(404, 'not_found', () => client.instances.logs('no-such-instance'));
