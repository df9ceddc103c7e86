import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { OpenExecution } from '../../../../src/core/channel/openExecution';
import { DevboxWatch, watchable } from '../../../../src/core/files/devboxWatch';
import { textOfPath } from '../../../../src/core/files/pathText';
import type { WatchedChange, WatchTarget } from '../../../../src/core/files/watchLines';
import { runningGuard } from '../../../../src/core/files/runningGuard';
import { httpProblem } from '../../../../src/core/problems/http';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

describe('Watching the files of a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: FilesDevbox;
  const open: DevboxWatch[] = [];

  before(async () => {
    box = await filesDevbox(used.api);
  });
  afterEach(async () => {
    for (const watch of open.splice(0)) await watch.close();
  });

  /** Watches as a window does. */
  function watching(of = box, status: () => string | undefined = () => 'running') {
    const sent: string[] = [];
    const { apiKey, baseUrl } = used.platform;
    const api = new RunloopApi({ apiKey, baseUrl }, ({ path }) => sent.push(path));
    const seen: WatchedChange[] = [];
    const failures: unknown[] = [];
    const state = { isWatching: false };
    const watch = new DevboxWatch({
      commands: new ExecutionCommands(api, of.id),
      isRunning: () => status() === undefined || status() === 'running',
      requireRunning: runningGuard(of.id, {
        known: status,
        retrieve: (limit) => api.devboxes.retrieve(of.id, { signal: limit }),
      }),
      onChange: (changes) => seen.push(...changes),
      onWatching: (isWatching) => (state.isWatching = isWatching),
      onFailure: (error) => failures.push(error),
      signal,
    });
    open.push(watch);
    const set = async (targets: readonly WatchTarget[], skip: readonly string[] = []): Promise<void> => {
      watch.set(targets, skip);
      await eventually(() => Promise.resolve(state.isWatching), Boolean);
    };
    /** Until something was told of a path; what came before is forgotten. */
    const told = async (path: string, token?: string): Promise<WatchedChange> => {
      const isIt = (one: WatchedChange): boolean =>
        'path' in one && one.path === path && (token === undefined || ('token' in one && one.token === token));
      const found = (): WatchedChange | undefined => seen.find(isIt);
      await eventually(
        () => Promise.resolve(found()),
        (one) => one !== undefined,
        20_000,
      );
      const one = found() ?? assert.fail();
      seen.length = 0;
      return one;
    };
    return { watch, sent, seen, failures, state, set, told };
  }
  const processes = (of = box): Promise<string> => of.bash(`grep -lsa 'find [-]H' /proc/[0-9]*/cmdline | wc -l`);

  it('tells of what is made, changed, replaced and removed, with the token that a look tells', async () => {
    await box.bash(
      'mkdir -p /tmp/a/in /tmp/b; printf one > /tmp/a/f; printf 1 > /tmp/b/open; ln -s /tmp/b/open /tmp/a/link',
    );
    const { set, told, sent, failures, seen } = watching();
    await set([
      { kind: 'folder', path: '/tmp/a' },
      { kind: 'file', path: '/tmp/b/open' },
      { kind: 'file', path: '/tmp/a/link' },
    ]);
    await box.bash('printf two > /tmp/a/f');
    await told('/tmp/a/f', (await box.files.stat('/tmp/a/f', { signal })).token);
    await box.bash(`printf x > $'/tmp/a/new\\nline é'`);
    await told('/tmp/a/new\nline é');
    await box.bash(`printf x > $'/tmp/a/\\xff'`);
    await eventually(
      () => Promise.resolve(seen.some((one) => one.kind === 'unclear' && one.folder === '/tmp/a')),
      Boolean,
    );
    await box.bash('touch -r /tmp/b/open /tmp/b/r; printf 2 > /tmp/b/open; touch -r /tmp/b/r /tmp/b/open');
    await told('/tmp/a/link');
    await box.bash('rm /tmp/b/open');
    assert.equal((await told('/tmp/b/open')).kind, 'gone');
    await box.bash('printf old > /tmp/b/old; mv /tmp/b/old /tmp/b/open');
    assert.equal((await told('/tmp/b/open')).kind, 'changed');
    await box.bash('printf deeper > /tmp/a/in/x; rm /tmp/a/f');
    await told('/tmp/a');
    assert.ok(!seen.some((one) => 'path' in one && one.path === '/tmp/a/in/x'), 'below what is not looked at');
    assert.deepEqual(failures, []);
    assert.equal(sent.filter((path) => path.endsWith('/execute_async')).length, 1);
    assert.equal(sent.filter((path) => path.endsWith('/execute')).length, 0);
  });

  it('follows what is looked at with the same process, and ends it soon after the last look', async () => {
    await box.bash('mkdir -p /tmp/t/deep/er /tmp/t/node_modules/m; rm -rf /tmp/u; mkdir /tmp/u');
    const { set, told, watch, sent, seen } = watching();
    await set([{ kind: 'folder', path: '/tmp/u' }]);
    await set([{ kind: 'deep', path: '/tmp/t' }], ['*/node_modules/*']);
    await box.bash('printf x > /tmp/t/node_modules/m/f; printf x > /tmp/t/deep/er/f');
    await told('/tmp/t/deep/er/f');
    assert.ok(!seen.some((one) => 'path' in one && one.path.includes('node_modules/')));
    await box.bash('cd /tmp/t/deep/er; seq 5000 | xargs touch');
    await eventually(() => Promise.resolve(seen.some(({ kind }) => kind === 'unclear')), Boolean);
    assert.equal(sent.filter((path) => path.endsWith('/execute_async')).length, 1);
    assert.notEqual(await processes(), '0\n');
    watch.set([], []);
    await eventually(processes, (count) => count === '0\n', 10_000);
  });

  it('is told again what may not have arrived, and is believed only about what it has taken in', async () => {
    await box.bash('mkdir -p /tmp/heard/a /tmp/heard/b');
    const { set, told, state, watch, sent } = watching();
    await set([{ kind: 'folder', path: '/tmp/heard/a' }]);
    const said = Object.getOwnPropertyDescriptor(OpenExecution.prototype, 'tell') ?? assert.fail();
    let lost = 0;
    Object.defineProperty(OpenExecution.prototype, 'tell', {
      ...said,
      value: () => {
        lost += 1;
        throw new RuntimeError({ problem: httpProblem('unreachable', { whom: 'Runloop', why: 'cut' }) });
      },
    });
    try {
      watch.set([{ kind: 'folder', path: '/tmp/heard/b' }], []);
      await eventually(() => Promise.resolve(lost > 0), Boolean);
      state.isWatching = false;
      // The same again, as when another editor is looked at.
      watch.set([{ kind: 'folder', path: '/tmp/heard/b' }], []);
      assert.equal(state.isWatching, false);
    } finally {
      Object.defineProperty(OpenExecution.prototype, 'tell', said);
    }
    await eventually(() => Promise.resolve(state.isWatching), Boolean, 20_000);
    await box.bash('printf x > /tmp/heard/b/f');
    await told('/tmp/heard/b/f');
    assert.equal(sent.filter((path) => path.endsWith('/execute_async')).length, 1);
  });

  it('is told again what it was told before it was started', async () => {
    const told: string[] = [];
    const state = { begun: 0, isWatching: false };
    const ended = new AbortController();
    const until = (count: number): Promise<number> =>
      eventually(
        () => Promise.resolve(told.length),
        (n) => n >= count,
      );
    const watch = new DevboxWatch({
      commands: {
        open: () => {
          state.begun += 1;
          return Promise.resolve({
            async *lines() {
              await until(1);
              yield ['r 0'];
              await until(2);
              yield ['r 1'];
              if (!ended.signal.aborted) await once(ended.signal, 'abort');
            },
            tell: (line) => Promise.resolve(told.push(line) > 1),
            end: () => {
              ended.abort();
              return Promise.resolve();
            },
          });
        },
      },
      isRunning: () => true,
      requireRunning: () => Promise.resolve(),
      onChange: () => undefined,
      onWatching: (isWatching) => (state.isWatching = isWatching),
      onFailure: (error) => assert.fail(String(error)),
      signal,
    });
    open.push(watch);
    watch.set([{ kind: 'folder', path: '/a' }], []);
    await until(1);
    watch.set([{ kind: 'folder', path: '/b' }], []);
    await eventually(() => Promise.resolve(state.isWatching && told.length > 1), Boolean);
    assert.match(told[1] ?? '', /^w /);
    assert.equal(state.begun, 1);
    await watch.close();
  });

  it('is told of hundreds of folders with long names, the first ones too', async () => {
    const long = 'n'.repeat(200);
    await box.bash(`mkdir -p /tmp/hundreds; cd /tmp/hundreds; for n in $(seq 600); do mkdir ${long}$n; done`);
    const folders = Array.from({ length: 600 }, (_, at) => `/tmp/hundreds/${long}${at + 1}`);
    const { set, told, watch, sent } = watching();
    await set(folders.map((path) => ({ kind: 'folder', path })));
    for (const at of [0, 300, 599]) {
      const path = folders[at] ?? assert.fail();
      await box.bash(`printf x > '${path}/f'`);
      await told(`${path}/f`);
    }
    assert.equal(sent.filter((path) => path.endsWith('/execute_async')).length, 1);
    watch.set([], []);
    const all = Array.from({ length: 20_000 }, (_, at): WatchTarget => ({ kind: 'folder', path: `/${long}${at}` }));
    const kept = watchable(all);
    assert.ok(kept.length > 2_000 && kept.length < all.length);
    assert.equal(kept[0], all.at(-1));
  });

  it('ends by itself when the window was killed', async () => {
    const { watch, set, sent } = watching();
    await set([{ kind: 'folder', path: '/tmp' }]);
    // It goes by silence once it was told a word: until then its input may be closed, and it waits for longer.
    const words = (): number => sent.filter((path) => path.endsWith('/send_std_in')).length;
    await eventually(
      () => Promise.resolve(words()),
      (count) => count > 0,
    );
    // What a killed window leaves: nothing that still says that somebody looks.
    const said = Object.getOwnPropertyDescriptor(OpenExecution.prototype, 'tell') ?? assert.fail();
    Object.defineProperty(OpenExecution.prototype, 'tell', { ...said, value: () => Promise.resolve(true) });
    try {
      await eventually(processes, (count) => count === '0\n', 20_000);
    } finally {
      Object.defineProperty(OpenExecution.prototype, 'tell', said);
      await watch.close();
    }
  });

  it('asks nothing of a devbox that is suspended, and goes on when it runs again', async () => {
    const other = await filesDevbox(used.api, 'sleeper');
    let status: string | undefined = 'running';
    const { set, sent, state } = watching(other, () => status);
    await set([{ kind: 'folder', path: '/tmp' }]);
    await used.api.devboxes.suspend(other.id, {});
    await used.api.devboxes.waitForStatus(other.id, ['suspended'], 20);
    status = 'suspended';
    await eventually(
      () => Promise.resolve(state.isWatching),
      (is) => !is,
      20_000,
    );
    const before_ = sent.length;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    assert.equal(sent.length, before_);
    assert.equal((await used.api.devboxes.retrieve(other.id)).status, 'suspended');
  });

  it('is no use of a devbox: one with an idle rule is suspended while its files are watched', async () => {
    const { id } = await used.api.devboxes.create(
      { name: 'idle', launch_parameters: { lifecycle: { after_idle: { idle_time_seconds: 5, on_idle: 'suspend' } } } },
      { requestId: crypto.randomUUID() },
    );
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    const { set } = watching({ ...box, id });
    await set([{ kind: 'folder', path: '/tmp' }]);
    await used.api.devboxes.waitForStatus(id, ['suspended'], 25);
  });

  it('knows what was saved here from what others change', async () => {
    const { set, told } = watching();
    await box.bash('mkdir -p /tmp/s');
    await set([{ kind: 'folder', path: '/tmp/s' }]);
    const options = { create: true, overwrite: true, token: 'any', signal };
    const { token } = await box.files.write(`/tmp/s/${textOfPath(Buffer.from('é'))}`, content('x'), options);
    await told('/tmp/s/é', token);
  });
});
