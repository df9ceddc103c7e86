import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import type { CloseMode, RunloopRuntimeOptions } from '../../../../src/core/options/runtimeOptions';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import type { RuntimeEvent } from '../../../../src/core/runtime/runtimeStatus';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

const tunnel = { tunnel_key: 'k', auth_mode: 'open', http_keep_alive: false };
const attach = { attachToExisting: true, devboxId: 'dbx_theirs' };

interface UnderWay {
  readonly options?: Partial<RunloopRuntimeOptions>;
  /** How the devbox is that is there already. */
  readonly status?: string;
  readonly before?: (runtime: RunloopRuntime) => Promise<void>;
  readonly begin: (runtime: RunloopRuntime) => Promise<void>;
}

/** What a close can come into. */
const allUnderWay: Readonly<Record<string, UnderWay>> = {
  'a start': { begin: (runtime) => runtime.connect() },
  'an attach': { options: attach, begin: (runtime) => runtime.connect() },
  'an attach that resumes': { options: attach, status: 'suspended', begin: (runtime) => runtime.connect() },
  'a reconnect': {
    options: attach,
    before: (runtime) => runtime.connect(),
    begin: (runtime) => runtime.reconnect(),
  },
  'a suspend': { options: attach, before: (runtime) => runtime.connect(), begin: (runtime) => runtime.suspend() },
  'a resume': {
    options: attach,
    before: async (runtime) => {
      await runtime.connect();
      await runtime.suspend();
    },
    begin: (runtime) => runtime.resume(),
  },
};

const modes: readonly ('default' | CloseMode)[] = ['default', 'keep', 'suspend', 'shutdown'];
/** A moment is the n-th request or event of what is under way; more than there are in any of them. */
const most = 60;

describe('A close in the middle of something', function () {
  this.timeout(120_000);
  let account: ScriptedAccount;
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** @returns whether there was such a moment */
  const closeAt = async (
    { options, status = 'running', before, begin }: UnderWay,
    mode: 'default' | CloseMode,
    moment: { readonly kind: 'request' | 'event'; readonly at: number },
    isRefused: boolean,
  ): Promise<boolean> => {
    account = await ScriptedAccount.start({ id: 'dbx_theirs', status, tunnel });
    try {
      account.answers.set('read_file_contents', { body: 'a key' });
      account.answers.set('execute_action', { body: { observation: 'run', content: '', extras: { exit_code: 0 } } });
      if (isRefused) account.answers.set('shutdown', { status: 403, body: { message: 'not now' } });
      const startNotes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
      const server = { apiKey: 'ak_of_a_test', baseUrl: account.baseUrl };
      const given = { ...server, sid: 'mine', headlessMode: true, plugins: [], startNotes, ...options };
      const runtime = new RunloopRuntime(given);
      const events: RuntimeEvent[] = [];
      await before?.(runtime);
      const changesBefore = account.changes.length;
      let closing: Promise<void> | undefined;
      let left = moment.at;
      const onMoment = (kind: 'request' | 'event'): void => {
        if (kind !== moment.kind || closing !== undefined) return;
        if (left === 0) {
          closing = runtime.close({ mode });
          closing.catch(() => undefined);
        }
        left -= 1;
      };
      account.whileAsked = () => onMoment('request');
      runtime.onEvent((event) => {
        events.push(event);
        onMoment('event');
      });
      const work = await begin(runtime).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (closing === undefined) {
        await runtime.close({ mode: 'keep' });
        return false;
      }
      const closed = await closing.then(
        () => undefined,
        (error: unknown) => error,
      );
      await expectTruth({ runtime, events, work, closed, mode, changes: account.changes.slice(changesBefore) });
      return true;
    } finally {
      await account.stop();
    }
  };

  const expectTruth = async (seen: {
    readonly runtime: RunloopRuntime;
    readonly events: readonly RuntimeEvent[];
    readonly work: unknown;
    readonly closed: unknown;
    readonly mode: 'default' | CloseMode;
    readonly changes: readonly string[];
  }): Promise<void> => {
    const { runtime, events, work, closed, mode, changes } = seen;
    const errors = [work, closed].filter((error) => error !== undefined);
    for (const error of errors) assert.ok(RuntimeError.is(error), JSON.stringify(error));
    const codes = errors.map((error) => (RuntimeError.is(error) ? error.code : ''));
    assert.ok(
      codes.every((code) => ['cancelled', 'may_still_run', 'closed'].includes(code)),
      codes.join(),
    );
    // It is over for good: nothing is asked any more, and nothing can be asked.
    assert.equal(runtime.state, 'closed');
    const last = events.filter(({ type }) => type === 'status').at(-1);
    assert.deepEqual(last, { type: 'status', status: 'STATUS$STOPPED' });
    assert.throws(() => runtime.actions, { code: 'closed' });
    const { length } = account.asked;
    await new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: account.baseUrl }).accounts.me().catch(() => undefined);
    assert.equal(account.asked.length, length + 1, account.asked.slice(length).join());
    // What was made and runs is meant to, or named.
    const named = errors.flatMap((error) => (RuntimeError.is(error, 'may_still_run') ? [error.devboxId] : []));
    const made = [...account.devboxes.values()].filter(({ id }) => id !== 'dbx_theirs');
    const running = made.filter(({ status }) => status === 'running').map(({ id }) => id);
    const isKept = work === undefined && mode === 'keep';
    if (!isKept) {
      assert.deepEqual(
        running,
        running.filter((id) => named.includes(id)),
      );
    }
    const notes = existsSync(folder) ? readdirSync(folder).length : 0;
    // One that was ready by then is whoever's who closes it.
    assert.equal(notes, work === undefined ? 0 : running.length);
    // What is somebody else's is left as it was asked for.
    const theirs = account.devboxes.get('dbx_theirs')?.status;
    const isRefused = account.answers.has('shutdown');
    if (made.length > 0 || runtime.devbox === undefined) {
      assert.match(String(theirs), /^(?:running|suspended)$/);
    } else if (mode === 'shutdown' && isRefused) {
      assert.deepEqual([theirs === 'shutdown', named.includes('dbx_theirs')], [false, true]);
    } else if (mode === 'shutdown') {
      assert.equal(theirs, 'shutdown');
    } else if (mode === 'suspend') {
      assert.equal(theirs, 'suspended');
    } else {
      assert.deepEqual(
        changes.filter((line) => line.endsWith('/shutdown')),
        [],
      );
    }
  };

  for (const [what, underWay] of Object.entries(allUnderWay)) {
    for (const mode of modes) {
      for (const isRefused of [false, true]) {
        const how = isRefused ? ', where nothing can be shut down' : '';
        it(`leaves nothing open and nothing unnamed: ${what}, closed as ${mode}${how}`, async () => {
          let count = 0;
          for (const kind of ['request', 'event'] as const) {
            for (let at = 0; at < most; at += 1) {
              rmSync(folder, { recursive: true, force: true });
              try {
                if (!(await closeAt(underWay, mode, { kind, at }, isRefused))) break;
              } catch (error) {
                throw new Error(`at ${kind} ${at} (${account.asked.join(', ')}): ${String(error)}`, { cause: error });
              }
              count += 1;
            }
          }
          assert.ok(count > 3, String(count));
        });
      }
    }
  }
});
