import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { asObject } from '../../../../src/core/parse';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

describe('Taking a snapshot', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });

  const create = async (name?: string): Promise<string> =>
    (await used.api.devboxes.create(name === undefined ? {} : { name }, { requestId: crypto.randomUUID() })).id;
  async function running(name?: string): Promise<string> {
    const id = await create(name);
    while ((await used.api.devboxes.waitForStatus(id, ['running'], 20)) === undefined);
    return id;
  }
  /** Ids and names of the snapshots of a devbox. */
  async function snapshotsOf(id: string): Promise<readonly (readonly [string | undefined, string | undefined])[]> {
    return (await used.api.snapshots.ofDevbox(id, 100)).map((one) => [one.id, one.name] as const);
  }

  it('says of a devbox that has no disk yet, or no more, how it is, before anything is begun', async () => {
    const { editor, api, platform } = used;
    await orderFaults(platform, { fault: 'slow_boot', devbox: 'booting', delay_ms: 600_000 });
    const booting = await create('booting');
    const ended = await running('over');
    // The row is older than what became of it.
    await editor.run('runloop.refreshDevboxes');
    await api.devboxes.shutdown(ended);
    for (const [id, text] of [
      [booting, 'No snapshot was taken: booting is provisioning. Try again when it is running.'],
      [ended, 'over has already ended. Start another one.'],
    ] as const) {
      editor.messages.length = 0;
      await editor.run('runloop.snapshotDevbox', id);
      assert.deepEqual(
        editor.messages.map((one) => one.text),
        [text],
      );
      assert.deepEqual(await snapshotsOf(id), [], text);
    }
    assert.deepEqual(
      editor.progress.filter(({ title }) => title.startsWith('Taking a snapshot')),
      [],
    );
    await orderFaults(platform);
    await api.devboxes.shutdown(booting);
    editor.messages.length = 0;
  });

  it('asks for one of a suspended devbox, which stays suspended, and tells what a server says that takes none', async () => {
    const { editor, api, platform } = used;
    const id = await running('asleep');
    await api.devboxes.suspend(id);
    while ((await api.devboxes.waitForStatus(id, ['suspended'], 20)) === undefined);
    await editor.run('runloop.snapshotDevbox', id);
    await editor.message(/^Snapshot asleep was taken\.$/m);
    assert.equal((await api.devboxes.retrieve(id)).status, 'suspended');
    const path = '/v1/devboxes/{id}/snapshot_disk_async';
    await orderFaults(platform, { fault: 'status', status: 400, method: 'POST', path });
    editor.messages.length = 0;
    await editor.run('runloop.snapshotDevbox', id);
    await editor.message(/refused the request while taking a snapshot/);
    assert.equal((await snapshotsOf(id)).length, 1);
    await orderFaults(platform);
    await api.devboxes.shutdown(id);
    editor.messages.length = 0;
  });

  it('gives it the whole name of the devbox, as it is, also where there is one of that name', async () => {
    const { editor, api } = used;
    const long = `evaluation-${'x'.repeat(60)}-A-${'y'.repeat(60)}`;
    for (const name of ['$(trash) [Renew](command:x) “好” 🙂', long]) {
      const id = await running(name);
      const offered: unknown[] = [];
      editor.commands.set('runloop.startWithOptions', (from) => offered.push(from));
      for (const time of ['once', 'again']) {
        editor.messages.length = 0;
        editor.answer(/^Snapshot /, 'Start From It…');
        await editor.run('runloop.snapshotDevbox', id);
        const { text } = await editor.message(/ was taken\.$/m);
        assert.doesNotMatch(text, /\]\(|\$\(/, 'a message makes links and icons of names');
        await editor.eventually(() => offered.length === (time === 'once' ? 1 : 2));
      }
      const taken = await snapshotsOf(id);
      assert.deepEqual(
        taken.map((one) => one[1]),
        [name, name],
      );
      assert.deepEqual(
        new Set(offered.map((from) => asObject(from)?.['snapshotId'])),
        new Set(taken.map((one) => one[0])),
      );
      await api.devboxes.shutdown(id);
    }
    const nameless = await running();
    await editor.run('runloop.snapshotDevbox', nameless);
    const [taken] = await snapshotsOf(nameless);
    assert.ok(taken?.[1] === nameless || (await api.devboxes.retrieve(nameless)).name === taken?.[1], taken?.[1]);
    await api.devboxes.shutdown(nameless);
    editor.messages.length = 0;
  });
});
