import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { labelOf } from '../../../fakeVscode/parts';
import { useWindow } from '../../../fakeVscode/useWindow';
import { multiplyDevboxes } from '../../../platform/manyDevboxes';

describe('A group of which more run than are loaded', function () {
  this.timeout(120_000);
  const used = useWindow();

  it('says so in its row and to a screen reader, until all are loaded', async () => {
    const { editor, api, platform } = used;
    const { id } = await api.devboxes.create({ name: 'one of many' }, { requestId: 'big-group' });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    // 70 of a hundred run: 280 in all, 200 to a page.
    const many = await multiplyDevboxes(platform, 400);
    try {
      await editor.secrets.store(`runloop.apiKey:${many.baseUrl}`, platform.apiKey);
      editor.settings.set('runloop.baseUrl', many.baseUrl);
      const view = editor.views.get('runloop.devboxes') ?? assert.fail();
      view.setVisible(true);
      const active = async () => {
        const rows = await view.rows();
        return rows.find(({ item }) => labelOf(item) === 'Active');
      };
      const said = async (): Promise<readonly unknown[]> => {
        const item = (await active())?.item;
        return [item?.description, item?.accessibilityInformation?.label];
      };
      let now: readonly unknown[] = [];
      for (let round = 0; round < 4; round += 1) {
        await editor.run('runloop.refreshDevboxes');
        now = await said();
      }
      assert.match(String(now[0]), /^200\+ · \$[\d.]+\+\/h$/);
      assert.match(String(now[1]), /^Group Active, devboxes: 200 or more, estimated \$/);
      for (let page = 0; page < 8 && String(now[0]).includes('+'); page += 1) {
        const below = await view.rows((await active())?.row);
        const more = below.find(({ item }) => labelOf(item) === 'Load more…') ?? assert.fail();
        await editor.run('runloop.loadMoreDevboxes', more.row);
        now = await said();
      }
      assert.match(String(now[0]), /^280 · \$[\d.]+\/h$/);
      assert.match(String(now[1]), /^Group Active, devboxes: 280, estimated \$/);
    } finally {
      editor.views.get('runloop.devboxes')?.setVisible(false);
      await many.stop();
      await api.devboxes.shutdown(id);
    }
  });

  it('takes in nothing of the account that was left while its list, or more of it, was on its way', async () => {
    const { editor, api, platform } = used;
    const { id } = await api.devboxes.create({ name: 'of this account' }, { requestId: 'left-account' });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    const view = editor.views.get('runloop.devboxes') ?? assert.fail();
    const shown = async (): Promise<readonly string[]> => {
      const groups = await view.rows();
      const below = await Promise.all(groups.map(async ({ row }) => view.rows(row)));
      return below.flat().map(({ item }) => labelOf(item));
    };
    for (const what of ['list', 'more'] as const) {
      const many = await multiplyDevboxes(platform, 400);
      try {
        await editor.secrets.store(`runloop.apiKey:${many.baseUrl}`, platform.apiKey);
        editor.settings.set('runloop.baseUrl', many.baseUrl);
        view.setVisible(true);
        for (let round = 0; round < 3; round += 1) await editor.run('runloop.refreshDevboxes');
        let more = (await view.rows((await view.rows())[0]?.row)).find(({ item }) => labelOf(item) === 'Load more…');
        // What is known already is shown without a question.
        for (
          let page = 0;
          page < 8 && more !== undefined && more.item.description !== 'the account has more';
          page += 1
        ) {
          await editor.run('runloop.loadMoreDevboxes', more.row);
          more = (await view.rows((await view.rows())[0]?.row)).find(({ item }) => labelOf(item) === 'Load more…');
        }
        if (what === 'more') assert.ok(more !== undefined, 'there is more to ask for');
        const hold = many.holdAfterOneList();
        await fetch(`${many.baseUrl}/v1/devboxes?limit=1`);
        const asked = many.calls.get('GET /v1/devboxes') ?? 0;
        const waiting =
          what === 'list' ? editor.run('runloop.refreshDevboxes') : editor.run('runloop.loadMoreDevboxes', more?.row);
        await editor.eventually(() => (many.calls.get('GET /v1/devboxes') ?? 0) > asked);
        editor.settings.set('runloop.baseUrl', platform.baseUrl);
        await eventually(shown, (names) => names.includes('of this account'));
        // What was on its way comes after the account has changed, and its list was read.
        hold();
        await waiting;
        const names = await shown();
        assert.ok(names.includes('of this account'), what);
        assert.deepEqual(
          names.filter((name) => name.startsWith('bench')),
          [],
          what,
        );
      } finally {
        view.setVisible(false);
        await many.stop();
      }
    }
    await api.devboxes.shutdown(id);
    editor.messages.length = 0;
  });
});
