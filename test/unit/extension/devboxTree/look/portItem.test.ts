import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { groupWords } from '../../../../../src/extension/changes/changeText';
import { portItem, portsItem } from '../../../../../src/extension/devboxTree/look/portItem';
import type { PortRow } from '../../../../../src/extension/devboxTree/rows';
import { useFakeEditor } from '../../../../fakeVscode/fakeEditor';
import { speaking } from '../../../../fakeVscode/language';

const row: PortRow = {
  kind: 'port',
  devboxId: 'dbx_1',
  port: 3000,
  isLocal: true,
  isListening: true,
  addresses: ['127.0.0.1', '::1'],
  process: { pid: 7, name: 'node' },
  localPort: undefined,
};

describe('Rows in Chinese', () => {
  useFakeEditor();

  it('of ports have Chinese commas between what is read out', () => {
    const items = speaking('zh-cn', () => [
      portItem(row, undefined),
      portsItem({ kind: 'ports', devboxId: 'd' }, undefined),
    ]);
    const said = items
      .map((item) => [item.accessibilityInformation?.label, JSON.stringify(item.tooltip)].join(' '))
      .join('\n');
    assert.match(said, /，node/);
    assert.match(said, /127\.0\.0\.1，::1/);
    assert.doesNotMatch(said, /, /);
  });

  it('tell times as the language of the editor writes them, whatever that of its process is', () => {
    const atMs = Date.UTC(2026, 10, 30, 12);
    const words = (): string => groupWords('sinceStart', { start: { atMs } } as never).tooltip;
    assert.match(words(), new RegExp(new Date(atMs).toLocaleString('en')));
    assert.ok(speaking('zh-cn', words).includes(new Date(atMs).toLocaleString('zh-cn')));
    assert.notEqual(new Date(atMs).toLocaleString('zh-cn'), new Date(atMs).toLocaleString('en'));
  });
});
