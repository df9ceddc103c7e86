import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { Devbox } from '../../../../src/core/platform/devbox';
import { OpenedVscodes, type OpenedVscodesContext } from '../../../../src/extension/openVscode/openedVscodes';
import { useFakeEditor } from '../../../fakeVscode/fakeEditor';
import { EventEmitter } from '../../../fakeVscode/values';

describe('The VS Code of a plain devbox that this window has opened', () => {
  useFakeEditor();
  const changed = new EventEmitter<void>();
  let opened: OpenedVscodes | undefined;
  afterEach(() => opened?.dispose());

  /** What the list has of the devbox; undefined while it has not loaded it. */
  const listed: { devbox: Devbox | undefined } = { devbox: undefined };
  const context = {
    store: { get: () => listed.devbox, onDidChange: changed.event },
    account: { onDidChange: new EventEmitter<void>().event, baseUrl: () => 'http://127.0.0.1:1' },
    knownSecrets: { add: () => undefined },
    devboxUse: { used: () => undefined },
    remembered: { all: [], add: () => undefined, remove: () => undefined },
    memory: { secret: 'kept', port: () => undefined, rememberPort: () => undefined },
    servedSecrets: { set: () => undefined },
    log: { failure: () => undefined },
  } as unknown as OpenedVscodesContext;

  for (const [status, stays] of [
    [undefined, true],
    ['running', true],
    ['suspended', false],
    ['shutdown', false],
  ] as const) {
    it(`${stays ? 'stays' : 'ends'} when the list changes and ${
      status === undefined ? 'has not loaded the devbox' : `says that it is ${status}`
    }`, () => {
      opened = new OpenedVscodes(context);
      opened.add('dbx_1', {
        devboxId: 'dbx_1',
        origin: 'http://127.0.0.1:1',
        tunnelToken: undefined,
        token: 't',
        folder: '/home/user',
      });
      listed.devbox = status === undefined ? undefined : ({ id: 'dbx_1', status } as Devbox);
      changed.fire();
      assert.equal(opened.get('dbx_1') !== undefined, stays);
    });
  }
});
