import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before } from 'mocha';
import type { UsedWindow } from '../../../fakeVscode/useWindow';
import { CountingProxy } from '../../../platform/countingProxy';
import { usePlatform } from '../../../platform/usePlatform';

/** More requests than one thing that a window does makes. */
const mostRequests = 60;

/** Two accounts, between which a window turns while it does something. */
export interface ChangingAccounts {
  /** Before the first account. */
  readonly proxy: CountingProxy;
  readonly otherBaseUrl: string;
  /** The window uses the first account, through the proxy. */
  beginWithFirst(): Promise<void>;
  /** A devbox of the first account, whose key this window has. */
  readonly startWithFirst: () => Promise<string>;
  /** What the window remembers of its sessions. */
  readonly remembered: () => string;
  /**
   * Does something again and again, and turns the window to the second account before its first, second … request.
   *
   * @param check looks at what is left each time that the account was changed
   */
  readonly changeAtEachRequest: (does: () => Promise<unknown>, check?: (where: string) => void) => Promise<number>;
}

/** Gives the tests of a `describe` a second account. */
export function useChangingAccounts(used: UsedWindow): ChangingAccounts {
  const other = usePlatform();
  let started: CountingProxy | undefined;
  const proxy = (): CountingProxy => started ?? assert.fail('There is no proxy yet.');
  before(async () => {
    started = await CountingProxy.start(used.platform.baseUrl);
    await other.platform.client().devboxes.createAndAwaitRunning({ name: 'of the second account' });
  });
  after(() => started?.stop());

  const namesOfFirst = async (): Promise<readonly string[]> => {
    const names: string[] = [];
    for await (const { name } of used.api.list({ pageSize: 1_000 })) if (name !== undefined) names.push(name);
    return names;
  };
  /** All that the view of devboxes has, as text. */
  const rowsOfView = async (): Promise<string> => {
    const view = used.editor.views.get('runloop.devboxes') ?? assert.fail();
    view.setVisible(true);
    const items: unknown[] = [];
    for (const { row, item } of await view.rows()) {
      items.push(item.label);
      for (const { item: below } of await view.rows(row)) items.push(below.label, below.description);
    }
    view.setVisible(false);
    return JSON.stringify(items);
  };
  const remembered = (): string => JSON.stringify(used.editor.workspaceState.get('runloop.sessions') ?? []);
  const beginWithFirst = async (): Promise<void> => {
    const { editor, platform } = used;
    await editor.secrets.store(`runloop.apiKey:${proxy().baseUrl}`, platform.apiKey);
    await editor.secrets.store(`runloop.apiKey:${other.platform.baseUrl}`, other.platform.apiKey);
    proxy().reset();
    editor.settings.set('runloop.baseUrl', proxy().baseUrl);
    const names = (await used.extension.list()).map(({ name }) => name);
    assert.ok(!names.includes('of the second account'), names.join());
  };
  return {
    get proxy() {
      return proxy();
    },
    get otherBaseUrl() {
      return other.platform.baseUrl;
    },
    beginWithFirst,
    startWithFirst: async () => {
      await beginWithFirst();
      used.editor.answer(/wants to start the devbox/, 'Start Devbox');
      const { id } = await used.extension.start({ name: 'of the first account' });
      return id;
    },
    remembered,
    changeAtEachRequest: async (does, check) => {
      const { editor, extension } = used;
      for (let change = 1; change <= mostRequests; change += 1) {
        await beginWithFirst();
        for (const box of editor.boxes) box.hide();
        editor.messages.length = 0;
        editor.opened.length = 0;
        editor.clipboard = '';
        proxy().reset();
        const changed = { is: false };
        proxy().before = async (count) => {
          if (count !== change) return;
          changed.is = true;
          editor.settings.set('runloop.baseUrl', other.platform.baseUrl);
          // The window knows by the time that the answer comes.
          await extension.list();
        };
        await does().catch(() => undefined);
        if (!changed.is) return change - 1;
        const where = `changed before request ${change}`;
        // Before the list is read again, which would put it right.
        const shown = await rowsOfView();
        assert.deepEqual(
          (await namesOfFirst()).filter((name) => shown.includes(name)),
          [],
          `${where}: ${shown}`,
        );
        assert.deepEqual(
          (await extension.list()).map(({ name, attached }) => [name, attached]),
          [['of the second account', false]],
          where,
        );
        assert.ok(!remembered().includes(other.platform.baseUrl), where);
        const said = editor.messages.filter(
          ({ text }) => /is ready|has ended|Attached/.test(text) && !/used before/.test(text),
        );
        assert.deepEqual(said, [], where);
        check?.(where);
        // Nothing speaks with the first account any more; what was on its way has come back.
        await sleep(100);
        const { count } = proxy();
        await sleep(1_300);
        assert.equal(proxy().count, count, `${where}: something goes on asking the first account`);
      }
      throw new Error(`It made more than ${mostRequests} requests.`);
    },
  };
}
