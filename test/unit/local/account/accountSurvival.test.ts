import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import { waitFor } from '../../../eventually';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../platform/testPlatform';

/** What was answered, and must be there after every kill. */
interface Answered {
  readonly secrets: Map<string, string>;
  readonly objects: Map<string, string>;
  readonly snapshots: Set<string>;
  readonly builds: Set<string>;
  readonly policies: Map<string, string>;
}

describe('local platform, the account after kills', function () {
  this.timeout(120_000);
  let data: string;
  const started: TestPlatform[] = [];
  const start = async (): Promise<TestPlatform> => {
    const platform = await startPlatform([], { dataDir: data, keepData: true });
    started.push(platform);
    return platform;
  };

  before(() => {
    data = mkdtempSync(join(tmpdir(), 'runloop-account-'));
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((platform) => platform.stop('SIGKILL')));
  });
  after(() => {
    rmSync(data, { recursive: true, force: true });
  });

  it('loses no secret, object, snapshot, blueprint or policy that was answered, at whatever moment it is killed', async () => {
    const answered: Answered = {
      secrets: new Map(),
      objects: new Map(),
      snapshots: new Set(),
      builds: new Set(),
      policies: new Map(),
    };
    let source: string | undefined;
    for (let round = 0; round < 4; round += 1) {
      const platform = await start();
      const client = platform.client();
      await check(client, answered);
      source ??= await restedDevbox(client);
      const writers = [writeSecrets, writeObjects, writePolicies, build].map((write) =>
        untilGone(() => write(client, answered, `${round}`)),
      );
      const snapshots = untilGone(() => snapshot(client, answered, source ?? ''));
      await new Promise((resolve) => setTimeout(resolve, 400 + Math.random() * 1_200));
      // A busy computer needs longer to build and to copy; something of each is to be there in the end.
      const limit = Date.now() + (round === 3 ? 60_000 : 0);
      const isEnough = (): boolean =>
        answered.snapshots.size > 0 &&
        answered.builds.size > 0 &&
        answered.secrets.size > 4 &&
        answered.objects.size > 4;
      while (Date.now() < limit && !isEnough()) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await platform.stop('SIGKILL');
      await Promise.all([...writers, snapshots]);
    }
    const platform = await start();
    const client = platform.client();
    await check(client, answered);
    await use(client, answered);
    assert.ok(answered.secrets.size > 4 && answered.objects.size > 4, 'too little was written');
    assert.ok(answered.snapshots.size > 0 && answered.builds.size > 0, 'nothing was built or kept');
    for (const folder of ['builds', 'net', 'objects', 'snapshots', 'blueprints']) {
      const left = readdirSync(join(data, folder)).filter(
        (name) => folder === 'builds' || folder === 'net' || name.includes('.part'),
      );
      assert.deepEqual(left, [], `left in ${folder}`);
    }
  });

  it('shows an execution that a kill has ended with its devbox, and why', async () => {
    const first = await start();
    const { id } = await first.client().devboxes.createAndAwaitRunning({});
    const execution = await first.client().devboxes.executeAsync(id, { command: 'echo begun; sleep 1000' });
    await waitFor('its output in the log', async () =>
      (await logText(first.client(), id)).includes('begun') ? true : undefined,
    );
    await first.stop('SIGKILL');
    const client = (await start()).client();
    const devbox = await client.devboxes.retrieve(id);
    assert.deepEqual([devbox.status, devbox.failure_reason], ['failure', 'health_check_failed']);
    assert.match(
      await logText(client, id),
      /ended without a warning while the devbox was running, and the devbox.s processes with it/,
    );
    const { logs } = await client.devboxes.logs.list(id, { execution_id: execution.execution_id });
    assert.equal(logs[0]?.cmd, 'echo begun; sleep 1000');
  });
});

/** Writes until the platform is gone. */
async function untilGone(write: () => Promise<void>): Promise<void> {
  try {
    for (;;) {
      await write();
    }
  } catch (error) {
    assert.match(String(error), /Connection error|fetch failed|ended|closed|terminated/i);
  }
}

let counter = 0;

async function writeSecrets(client: Client, { secrets }: Answered, round: string): Promise<void> {
  const name = `S_${round}_${(counter += 1)}`;
  await client.secrets.create({ name, value: 'first' });
  // While the second answer is under way either value may be the stored one.
  await client.secrets.update(name, { value: `value of ${name}` });
  secrets.set(name, `value of ${name}`);
}

async function writeObjects(client: Client, { objects }: Answered, round: string): Promise<void> {
  const text = `object ${round} ${(counter += 1)} ${'x'.repeat(50_000)}`;
  const { id, upload_url: address } = await client.objects.create({ name: `o-${round}`, content_type: 'text' });
  await fetch(address ?? '', { method: 'PUT', body: text });
  await client.objects.complete(id);
  objects.set(id, text);
}

async function writePolicies(client: Client, { policies }: Answered, round: string): Promise<void> {
  const name = `p-${round}-${(counter += 1)}`;
  const { id } = await client.networkPolicies.create({ name, allowed_hostnames: ['example.org'] });
  policies.set(id, name);
}

async function snapshot(client: Client, { snapshots }: Answered, devbox: string): Promise<void> {
  const { id } = await client.devboxes.snapshotDisk(devbox, { name: 'kept' });
  snapshots.add(id);
}

async function build(client: Client, { builds }: Answered, round: string): Promise<void> {
  const { id } = await client.blueprints.create({
    name: 'built',
    system_setup_commands: [`echo "built in ${round}" > /workspace/built`],
  });
  for (;;) {
    const { status } = await client.blueprints.retrieve(id);
    if (status === 'build_complete') {
      builds.add(id);
      return;
    }
    assert.notEqual(status, 'failed');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function restedDevbox(client: Client): Promise<string> {
  const { id } = await client.devboxes.createAndAwaitRunning({});
  await client.devboxes.writeFileContents(id, { file_path: '/workspace/kept', contents: 'kept' });
  await client.devboxes.suspend(id);
  await client.devboxes.awaitSuspended(id);
  return id;
}

async function check(client: Client, answered: Answered): Promise<void> {
  const names = new Set((await client.secrets.list({ limit: 5_000 })).secrets.map(({ name }) => name));
  assert.deepEqual(
    [...answered.secrets.keys()].filter((name) => !names.has(name)),
    [],
  );
  for (const [id, text] of answered.objects) {
    assert.equal(await (await fetch((await client.objects.download(id)).download_url)).text(), text);
  }
  for (const [id, name] of answered.policies) {
    assert.equal((await client.networkPolicies.retrieve(id)).name, name);
  }
  for (const id of answered.snapshots) {
    assert.equal((await client.devboxes.diskSnapshots.queryStatus(id)).status, 'complete');
  }
  for (const { id } of (await client.devboxes.diskSnapshots.list({ limit: 5_000 })).snapshots) {
    assert.notEqual(
      (await client.devboxes.diskSnapshots.queryStatus(id)).status,
      'in_progress',
      'nothing is under way after a start',
    );
  }
  for (const { id, status } of (await client.blueprints.list({ limit: 5_000, name: 'built' })).blueprints) {
    assert.ok(status === 'failed' || status === 'build_complete', status);
    assert.ok(status === 'build_complete' || !answered.builds.has(id));
  }
}

/** What was kept can be used: values, disks. */
async function use(client: Client, { secrets, snapshots, builds }: Answered): Promise<void> {
  const wanted = [...secrets].slice(-20);
  const variables = Object.fromEntries(wanted.map(([name]) => [name, name]));
  const fromSnapshot = await client.devboxes.createAndAwaitRunning({
    snapshot_id: [...snapshots].at(-1) ?? '',
    secrets: variables,
  });
  assert.equal(await client.devboxes.readFileContents(fromSnapshot.id, { file_path: '/workspace/kept' }), 'kept');
  const { stdout } = await client.devboxes.execute(fromSnapshot.id, {
    command_id: randomUUID(),
    command: wanted.map(([name]) => `printf '%s\\n' "$${name}"`).join('; '),
  });
  assert.deepEqual(
    (stdout ?? '').trim().split('\n'),
    wanted.map(([, value]) => value),
  );
  const fromBlueprint = await client.devboxes.createAndAwaitRunning({ blueprint_id: [...builds].at(-1) ?? '' });
  assert.match(
    await client.devboxes.readFileContents(fromBlueprint.id, { file_path: '/workspace/built' }),
    /^built in \d/,
  );
  await Promise.all([fromSnapshot.id, fromBlueprint.id].map((id) => client.devboxes.shutdown(id)));
}
