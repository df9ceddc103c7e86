import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { endedBy } from '../../../src/core/errors';
import { deadline, linkSignals, startDeadline } from '../../../src/ground/deadline';

/** Runs what is given in a Node that can be told to collect garbage. @returns what it printed */
async function underCollection(script: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const program = outputFiles[0]?.text ?? '';
  const run = promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', program]);
  return (await run).stdout.trim();
}

/** What all the scripts need: garbage is collected all the time, and the process ends by itself after ten seconds. */
const head = `
import * as http from 'node:http';
import { getEventListeners } from 'node:events';
import { deadline, startDeadline, linkSignals, whenEnded } from './src/ground/deadline';
import { requestText } from './src/core/http/httpRequest';
declare const gc: () => void;
const collecting = setInterval(() => { gc(); }, 10);
setTimeout(() => { console.log('never'); process.exit(); }, 10_000).unref();
function done(word: string): void { console.log(word); process.exit(); }
`;

/** Each way to have a signal that nobody holds, and that must end all the same. */
const ways: Readonly<Record<string, string>> = {
  'nothing but its time': `deadline(300)`,
  'its time and another signal': `deadline(300, new AbortController().signal)`,
  'a deadline within a deadline': `deadline(60_000, deadline(300, new AbortController().signal))`,
  'a deadline within a link': `linkSignals(new AbortController().signal, deadline(300)).signal`,
  'one that would be let go of by hand': `startDeadline(300, new AbortController().signal).signal`,
};

describe('a deadline', () => {
  for (const [what, expression] of Object.entries(ways)) {
    it(`fires while garbage is collected: ${what}`, async () => {
      const said = await underCollection(
        `${head}${expression}.addEventListener('abort', (event) => done((event.target as AbortSignal).reason.name));`,
      );
      assert.equal(said, 'TimeoutError');
    });
  }

  it('ends a request whose answer never comes, while garbage is collected', async () => {
    const said = await underCollection(`${head}
      const server = http.createServer(() => undefined).listen(0, '127.0.0.1', () => {
        const url = new URL('http://127.0.0.1:' + server.address().port);
        requestText(url, { timeoutMs: 60_000, signal: deadline(300, new AbortController().signal) })
          .catch((error: { code: string }) => done(error.code));
      });`);
    assert.equal(said, 'deadline');
  });

  it('ends a request by its own time while the headers are there and the rest never comes', async () => {
    const said = await underCollection(`${head}
      const server = http.createServer((_, answer) => void answer.write('a')).listen(0, '127.0.0.1', () => {
        const url = new URL('http://127.0.0.1:' + server.address().port);
        requestText(url, { timeoutMs: 300 }).catch((error: { code: string }) => done(error.code));
      });`);
    assert.equal(said, 'deadline');
  });

  it('is told from a cancellation', () => {
    const stop = new AbortController();
    const cancelled = startDeadline(60_000, stop.signal);
    stop.abort();
    assert.equal(endedBy(cancelled.signal).code, 'cancelled');
    assert.equal(cancelled.isOver, false);
  });

  it('says that its time is over', async () => {
    const limit = startDeadline(1, new AbortController().signal);
    await new Promise((resolve) => limit.signal.addEventListener('abort', resolve));
    assert.equal(endedBy(limit.signal).code, 'deadline');
    assert.equal(limit.isOver, true);
  });

  it('has ended from the start where one of its signals had', () => {
    const reason = new Error('before');
    const { signal } = linkSignals(new AbortController().signal, AbortSignal.abort(reason));
    assert.equal(signal.aborted, true);
    assert.equal(signal.reason, reason);
    assert.equal(deadline(60_000, AbortSignal.abort()).aborted, true);
  });

  it('does not fire at once for a time that no timer can take', async () => {
    const limit = startDeadline(Number.MAX_SAFE_INTEGER);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(limit.signal.aborted, false);
    limit.dispose();
  });

  it('may hang on one signal many times at once, without a warning', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    const outer = new AbortController();
    const many = Array.from({ length: 50 }, () => startDeadline(60_000, outer.signal));
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('warning', onWarning);
    assert.deepEqual(warnings, []);
    outer.abort();
    assert.ok(many.every(({ signal }) => signal.aborted));
  });

  it('leaves no listener behind on a signal that lives longer, while garbage is collected', async () => {
    const script = `${head}
const account = new AbortController();
const several = Array.from({ length: 4 }, () => new AbortController());
for (const { signal } of several) whenEnded(account.signal, () => console.log('called'), signal);
setTimeout(() => {
  for (const one of several.slice(1)) one.abort();
  const left = getEventListeners(account.signal, 'abort').length;
  account.abort();
  several[0]?.abort();
  done('left ' + left + ', then ' + getEventListeners(account.signal, 'abort').length);
}, 200);`;
    assert.equal(await underCollection(script), 'called\nleft 1, then 0');
  });

  it('leaves nothing behind on signals that live longer', async () => {
    const outer = new AbortController();
    const listeners = (): number => getEventListeners(outer.signal, 'abort').length;
    startDeadline(60_000, outer.signal).dispose();
    linkSignals(outer.signal).dispose();
    const over = deadline(1, outer.signal);
    await new Promise((resolve) => over.addEventListener('abort', resolve));
    assert.equal(listeners(), 0);
  });
});
