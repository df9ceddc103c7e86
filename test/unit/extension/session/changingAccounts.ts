import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before } from 'mocha';
import type { UsedWindow } from '../../../fakeVscode/useWindow';
import { CountingProxy } from '../../../platform/countingProxy';
import { usePlatform } from '../../../platform/usePlatform';

/** More steps than one thing that a window does takes. */
const mostSteps = 90;

type Check = (where: string) => void;

/** Two accounts, between which a window turns while it does something. */
export interface ChangingAccounts {
  /** Before the first account. */
  readonly proxy: CountingProxy;
  /** Before the second account. */
  readonly second: CountingProxy;
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
  readonly changeAtEachRequest: (does: () => Promise<unknown>, check?: Check) => Promise<number>;
  /**
   * The same at each request, question, secret, and value that the window keeps: wherever it waits for something.
   *
   * @returns what it waited for, each kind once
   */
  readonly changeAtEachWait: (does: () => Promise<unknown>, check?: Check) => Promise<ReadonlySet<string>>;
}

/** Gives the tests of a `describe` a second account. */
export function useChangingAccounts(used: UsedWindow): ChangingAccounts {
  const other = usePlatform();
  let started: { readonly first: CountingProxy; readonly second: CountingProxy } | undefined;
  const proxies = (): NonNullable<typeof started> => started ?? assert.fail('There is no proxy yet.');
  const proxy = (): CountingProxy => proxies().first;
  const otherBaseUrl = (): string => proxies().second.baseUrl;
  before(async () => {
    const [first, second] = [used.platform, other.platform].map(({ baseUrl }) => CountingProxy.start(baseUrl));
    started = { first: await (first ?? assert.fail()), second: await (second ?? assert.fail()) };
    await other.platform.client().devboxes.createAndAwaitRunning({ name: 'of the second account' });
  });
  after(() => Promise.all([started?.first.stop(), started?.second.stop()]));

  const ofFirst = async (): Promise<readonly { readonly id: string; readonly name: string | undefined }[]> => {
    const found = [];
    for await (const devbox of used.api.devboxes.list({ pageSize: 1_000 })) found.push(devbox);
    return found;
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
    await editor.secrets.store(`runloop.apiKey:${otherBaseUrl()}`, other.platform.apiKey);
    proxy().reset();
    editor.settings.set('runloop.baseUrl', proxy().baseUrl);
    const names = (await used.extension.list()).map(({ name }) => name);
    assert.ok(!names.includes('of the second account'), names.join());
  };
  /** @returns what was waited for, in its order, when nothing was changed */
  const changeAtEach = async (
    kind: 'request' | 'wait',
    does: () => Promise<unknown>,
    check: Check | undefined,
  ): Promise<{ readonly changes: number; readonly steps: readonly string[] }> => {
    const { editor, extension } = used;
    for (let at = 1; at <= mostSteps; at += 1) {
      await beginWithFirst();
      for (const box of editor.boxes) box.hide();
      // Nor is what was begun before: changed there, this would be asked for in the second account from the start.
      await proxy().quiet(at === 1 ? 1_500 : 300);
      editor.messages.length = 0;
      editor.opened.length = 0;
      editor.clipboard = '';
      proxies().first.reset();
      proxies().second.reset();
      const steps: string[] = [];
      const change: { done?: Promise<unknown>; saidBefore: number; channels: number } = { saidBefore: 0, channels: 0 };
      const step = async (what: string): Promise<void> => {
        if (change.done !== undefined) return;
        steps.push(what);
        if (steps.length !== at) return;
        change.saidBefore = editor.messages.length;
        change.channels = editor.channels.length;
        editor.settings.set('runloop.baseUrl', otherBaseUrl());
        // The window knows by the time that it goes on.
        change.done = extension.list();
        await change.done;
      };
      // The one request that a window makes by itself at some time of its own is no step of what it does.
      proxy().before = (_, path) => (path.endsWith('/evictions/watch') ? undefined : step('request'));
      if (kind === 'wait') editor.whileBusy = (what) => step(what.split(' ')[0] ?? '');
      const [done] = await Promise.allSettled([does()]);
      if (change.done === undefined) {
        // What fails before it asks for anything is no test of what it asks.
        if (steps.length === 0 && done.status === 'rejected') throw done.reason;
        editor.whileBusy = () => Promise.resolve();
        proxy().before = () => undefined;
        return { changes: at - 1, steps };
      }
      await change.done;
      const where = `changed at step ${at}, a ${steps.at(-1) ?? ''}`;
      await nothingOfFirst(where, change.saidBefore);
      const channels = editor.channels.slice(change.channels).map(({ name }) => name);
      assert.deepEqual(channels, [], `${where}: output of the first account is shown`);
      check?.(where);
      // Nothing speaks with the first account any more; what was on its way has come back.
      await (kind === 'request' ? proxy().quiet(200) : sleep(50));
      const before = [...proxy().paths];
      await sleep(kind === 'request' ? 1_300 : 100);
      assert.deepEqual(proxy().paths, before, `${where}: something goes on asking the first account`);
    }
    throw new Error(`It took more than ${mostSteps} steps.`);
  };
  /** Looks that the window has to do with nothing but the second account. */
  const nothingOfFirst = async (where: string, saidBefore: number): Promise<void> => {
    const { editor, extension } = used;
    // Before the list is read again, which would put it right.
    const shown = await rowsOfView();
    const first = await ofFirst();
    assert.deepEqual(
      first.filter(({ name }) => name !== undefined && shown.includes(name)),
      [],
      `${where}: ${shown}`,
    );
    assert.deepEqual(
      (await extension.list()).map(({ name, attached }) => [name, attached]),
      [['of the second account', false]],
      where,
    );
    assert.ok(!remembered().includes(otherBaseUrl()), where);
    const said = editor.messages
      .slice(saidBefore)
      .filter(({ text }) => /is ready|has ended|Attached/.test(text) && !/used before/.test(text));
    assert.deepEqual(said, [], where);
    // Nobody is told of what belongs to somebody else.
    const { paths } = proxies().second;
    assert.deepEqual(
      paths.filter((path) => first.some(({ id }) => path.includes(id))),
      [],
      where,
    );
  };
  return {
    get proxy() {
      return proxy();
    },
    get second() {
      return proxies().second;
    },
    get otherBaseUrl() {
      return otherBaseUrl();
    },
    beginWithFirst,
    startWithFirst: async () => {
      await beginWithFirst();
      used.editor.answer(/wants to start the devbox/, 'Start Devbox');
      const { id } = await used.extension.start({ name: 'of the first account' });
      return id;
    },
    remembered,
    changeAtEachRequest: async (does, check) => (await changeAtEach('request', does, check)).changes,
    changeAtEachWait: async (does, check) => new Set((await changeAtEach('wait', does, check)).steps),
  };
}
