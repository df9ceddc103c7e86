import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { FirstLine } from '../../../../src/core/terminal/firstLine';
import { ShownOutput } from '../../../../src/core/terminal/shownOutput';

describe('What a terminal shows of its session', () => {
  it('waits for the next connection where one is lost before it is known what came first', async () => {
    let text = '';
    const shown = new ShownOutput('name', (part) => (text += part));
    const { line } = shown.begin(new FirstLine('name', undefined));
    const [, first = '', second = ''] = /echo (\w+)""(\w+r)/.exec(line) ?? [];
    shown.take(Buffer.from(`${first}${second}\r\nabc`));
    assert.equal(text, 'abc');
    const nowhere = new RunloopApi({ apiKey: 'ak_nowhere', baseUrl: 'http://127.0.0.1:9' });
    const call = { devboxId: 'dbx_1', signal: new AbortController().signal };
    shown.hold();
    shown.take(Buffer.from('much later'));
    await assert.rejects(shown.fill(nowhere, { ...call, isLost: () => true }));
    // It is recorded, and comes with what was before it.
    assert.equal(text, 'abc');
    shown.hold();
    shown.take(Buffer.from('later'));
    await assert.rejects(shown.fill(nowhere, { ...call, isLost: () => false }));
    assert.equal(text, 'abclater');
  }).timeout(60_000);
});
