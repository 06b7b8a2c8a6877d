// ttl, stats, health check, restart policy, standby by itself, update, snapshot schedule
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpToInstance } from '@onkernel/hypeman/lib/cp';
import { client, connection, eventually, image, refused, unique, withInstance } from './fleet.mjs';

// Serves a page, and ends with 3 when it is told to.
const program =
  'mkdir -p /www; echo fine > /www/index.html; httpd -p 8080 -h /www; while [ ! -e /tmp/exit ]; do sleep 0.1; done; rm /tmp/exit; exit 3';
const check = (path) => ({ type: 'http', interval: '1s', start_period: '0s', failure_threshold: 2, http: { port: 8080, path } });
const wish = {
  ttl: '1h',
  entrypoint: ['/bin/sh', '-c'],
  cmd: [program],
  restart_policy: { policy: 'on_failure', backoff: '200ms' },
  health_check: check('/index.html'),
};
const work = mkdtempSync(join(tmpdir(), 'e2e-policies-'));
try {
  await withInstance(wish, async ({ id, created_at, expires_at }) => {
    const get = () => client.instances.get(id);
    assert.equal(Date.parse(expires_at) - Date.parse(created_at), 3_600_000);
    const schedule = await client.instances.snapshotSchedule.update(id, {
      interval: '1m', name_prefix: 'minutely', metadata: { team: 'e2e' }, retention: { max_count: 1 },
    });
    assert.deepEqual([schedule.instance_id, schedule.name_prefix, schedule.last_run_at], [id, 'minutely', null]);

    await eventually(async () => (await get()).health_status.status === 'healthy');
    const stats = await client.instances.stats(id);
    assert.ok(stats.cpu_seconds > 0 && stats.memory_rss_bytes > 0 && stats.network_rx_bytes > 0 && stats.network_tx_bytes > 0);
    assert.deepEqual([stats.instance_id, stats.allocated_vcpus, stats.allocated_memory_bytes], [id, 1, 256 << 20]);

    writeFileSync(join(work, 'exit'), '');
    // What ends the machine may not live to tell that it has arrived.
    await cpToInstance(connection, { instanceId: id, srcPath: join(work, 'exit'), dstPath: '/tmp/exit' })
      .catch((e) => assert.match(e.message, /connection to the guest agent was lost/));
    await eventually(async () => (await get()).restart_status.attempts === 1, 60);
    await eventually(async () => (await get()).health_status.status === 'healthy', 60);

    await client.instances.update(id, { health_check: check('/missing') });
    await eventually(async () => (await get()).restart_status.last_reason === 'health_check_failed', 60);
    await eventually(async () => (await get()).restart_status.attempts >= 2, 60);
    await client.instances.update(id, { health_check: check('/index.html') });
    await eventually(async () => (await get()).health_status.status === 'healthy', 60);

    const idle = { enabled: true, idle_timeout: '10m', ignore_source_cidrs: ['10.1.2.3/8'], ignore_destination_ports: [22] };
    const masked = { ...idle, idle_timeout: '10m0s', ignore_source_cidrs: ['10.0.0.0/8'] };
    assert.deepEqual((await client.instances.update(id, { auto_standby: idle })).auto_standby, masked);
    const counted = await client.instances.autoStandby.status(id);
    assert.deepEqual([counted.status, counted.eligible, counted.hold_until], ['idle_countdown', true, null]);
    const held = await client.instances.autoStandby.hold(id);
    assert.ok(Date.parse(held.hold_until) > Date.now() + 590_000);
    await client.instances.update(id, { auto_standby: { enabled: false } });
    assert.equal((await client.instances.autoStandby.status(id)).reason, 'policy_disabled');

    await eventually(async () => (await client.instances.snapshotSchedule.get(id)).last_run_at, 120);
    const ran = await client.instances.snapshotSchedule.get(id);
    assert.equal(ran.last_error, null);
    const taken = await client.snapshots.get(ran.last_snapshot_id);
    assert.deepEqual([taken.kind, taken.source_instance_id, taken.tags.team], ['Standby', id, 'e2e']);
    await client.instances.snapshotSchedule.delete(id);
    await refused(404, 'not_found', () => client.instances.snapshotSchedule.get(id));
    await client.snapshots.delete(taken.id);

    const stopped = await client.instances.stop(id);
    assert.deepEqual([stopped.restart_status.blocked_reason, stopped.health_status.status], ['manual_stop', 'unknown']);
    assert.equal((await client.instances.stats(id)).cpu_seconds, 0);
    assert.equal((await client.instances.update(id, { ttl: '0s' })).expires_at, null);
    const both = { ttl: '1h', expires_at: '2099-01-01T00:00:00Z' };
    await refused(400, 'invalid_request', () => client.instances.update(id, both));
    await refused(501, 'not_supported', () => client.instances.update(id, { env: { KEY: 'x' } }));
  });

  const brief = await client.instances.create({ name: unique('brief'), image, size: '256MB', vcpus: 1, overlay_size: '1GB', ttl: '2s' });
  await eventually(() => client.instances.get(brief.id).then(() => false, (error) => error.status === 404), 60);
} finally {
  rmSync(work, { recursive: true });
}
