import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import type { RunloopRuntimeOptions } from '../../../../src/core/options/runtimeOptions';
import { hasEnded, type Devbox } from '../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { parseStartNote } from '../../../../src/core/start/notes/startNote';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { startPlainDevbox } from '../../../../src/core/start/plainDevbox';
import { unsettledStarts } from '../../../../src/core/start/unsettledStarts';
import { eventually } from '../../../eventually';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

type Rule = Readonly<Record<string, unknown>>;

const create = { method: 'POST', path: '/v1/devboxes' };
const looks = { method: 'GET', path: '/v1/devboxes' };
const shutdowns = { method: 'POST', path: '/v1/devboxes/{id}/shutdown' };
const plain = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;

describe('The create of a devbox, on a platform that drops no repeated request', function () {
  this.timeout(120_000);
  const used = usePlatform('--fault-control');
  let folder: string;
  let name: string;
  let handedOver: string[];
  let startNotes: StartNotes;

  beforeEach(function () {
    folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
    name = (this.currentTest?.title ?? '').slice(0, 60);
    handedOver = [];
    startNotes = notesOf();
  });
  afterEach(async () => {
    await orderFaults(used.platform);
    for (const id of await living()) await used.api.devboxes.shutdown(id);
    rmSync(folder, { recursive: true, force: true });
  });

  const notesOf = (): StartNotes =>
    new StartNotes({
      folder,
      onFailure: (error) => assert.fail(String(error)),
      handOver: (id) => Promise.resolve(void handedOver.push(id)),
    });
  const notesLeft = (): number => readdirSync(folder).length;
  const faults = (...rules: readonly Rule[]): Promise<void> =>
    orderFaults(used.platform, { fault: 'forget_repeats', ...create }, ...rules);
  /** How many creates were sent. */
  const sent = async (): Promise<number> => (await countFaults(used.platform))[0]?.matches ?? 0;
  const all = async (): Promise<readonly { id: string; status: string }[]> => {
    const found = [];
    for await (const devbox of used.api.devboxes.list({ pageSize: 1_000 })) {
      if (devbox.name === name) found.push(devbox);
    }
    return found;
  };
  const living = async (): Promise<readonly string[]> =>
    (await all()).filter(({ status }) => !hasEnded(status)).map(({ id }) => id);
  const runtimeWith = (options: Partial<RunloopRuntimeOptions> = {}): RunloopRuntime =>
    new RunloopRuntime({
      apiKey: used.platform.apiKey,
      baseUrl: used.platform.baseUrl,
      sid: name,
      reuseExisting: false,
      headlessMode: true,
      plugins: [],
      startNotes,
      ...options,
    });
  const start = (signal = new AbortController().signal, onWait?: () => void): Promise<{ id: string }> =>
    startPlainDevbox(used.api, name, plain, { signal, startNotes, ...(onWait === undefined ? {} : { onWait }) });
  const fails = async (work: Promise<unknown>, code: RuntimeErrorCode): Promise<RuntimeError> => {
    const error: unknown = await work.then(
      () => assert.fail('It did not fail.'),
      (failure: unknown) => failure,
    );
    assert.ok(RuntimeError.is(error, code), String(error));
    return error;
  };
  const named = async (): Promise<readonly string[]> =>
    (await unsettledStarts(used.api, notesOf())).flatMap(({ devboxes }) => devboxes.map(({ id }) => id));

  const trouble: Readonly<Record<string, Rule>> = {
    'cut after it was carried out': { fault: 'cut', took_effect: true, count: 1, ...create },
    'answered 503 after it was carried out': { fault: 'status', status: 503, took_effect: true, count: 1, ...create },
    'answered 504 after it was carried out': { fault: 'status', status: 504, took_effect: true, count: 1, ...create },
    'answered 408 after it was carried out': { fault: 'status', status: 408, took_effect: true, count: 1, ...create },
    'answered half after it was carried out': { fault: 'half_stream', count: 1, ...create },
    'cut and carried out a moment later': { fault: 'cut', effect_after_ms: 500, count: 1, ...create },
  };
  for (const [what, rule] of Object.entries(trouble)) {
    it(`is found and not sent again when it was ${what} (M4)`, async () => {
      await faults(rule);
      const { id } = await start();
      assert.deepEqual([await all().then((found) => found.map((one) => one.id)), await sent()], [[id], 1]);
      assert.deepEqual([handedOver, notesLeft()], [[id], 0]);
    });
  }

  const unmade: Readonly<Record<string, Rule>> = {
    'cut before': { fault: 'cut', count: 1, ...create },
    'answered 503': { fault: 'status', status: 503, count: 1, ...create },
    'answered 429': { fault: 'status', status: 429, retry_after_seconds: 0.1, count: 1, ...create },
  };
  for (const [what, rule] of Object.entries(unmade)) {
    it(`is sent again when it was ${what} and nothing came of it`, async () => {
      await faults(rule);
      const { id } = await start();
      assert.deepEqual([await living(), await sent()], [[id], 2]);
    });
  }

  it('is not repeated, and the start not known, where it cannot be looked for (M2)', async () => {
    await faults(
      { fault: 'cut', took_effect: true, count: 1, ...create },
      { fault: 'status', status: 403, count: 1, ...looks },
    );
    const error = await fails(start(), 'start_unknown');
    assert.match(error.message, /not known/);
    assert.equal(await sent(), 1);
    // The next look finds it, names it, and is the only one to do so.
    assert.deepEqual(await named(), await living());
    assert.equal((await living()).length, 1);
  });

  it('is not sent again after a cancel, and found and shut down if it was carried out (M2)', async () => {
    await faults({ fault: 'cut', effect_after_ms: 600, count: 1, ...create });
    const stop = new AbortController();
    const starting = start(stop.signal);
    await eventually(sent, (count) => count === 1);
    stop.abort();
    await fails(starting, 'cancelled');
    assert.deepEqual([await sent(), await living(), notesLeft()], [1, [], 0]);
  });

  it('is noted as one that may make two before it is sent again, for whoever comes after a crash (M2)', async () => {
    await faults(
      { fault: 'cut', count: 1, ...create },
      { fault: 'delay', delay_ms: 1_000, skip: 1, count: 1, ...create },
    );
    const starting = start();
    await eventually(sent, (count) => count === 2);
    const [file = ''] = readdirSync(folder);
    assert.equal(parseStartNote(readFileSync(join(folder, file), 'utf8'))?.perhapsTwice, true);
    await starting;
  });

  /** What a create does that is carried out long after everybody has stopped to wait. */
  const carryOutLate = async (requestId: string): Promise<string> => {
    const metadata = { [requestKey]: requestId };
    const body = { name, metadata, entrypoint: 'sleep 100' };
    return (await used.api.devboxes.create(body, { requestId: `late ${requestId}` })).id;
  };

  it('tells after a cancel that nobody knows, where it had no answer and nothing is found, and goes on looking', async () => {
    await faults({ fault: 'cut', count: 1, ...create });
    const stop = new AbortController();
    const starting = runtimeWith().connect({ signal: stop.signal });
    await eventually(sent, (count) => count === 1);
    stop.abort();
    await fails(starting, 'start_unknown');
    assert.deepEqual([await sent(), await named(), notesLeft()], [1, [], 1]);
    const [file = ''] = readdirSync(folder);
    const id = await carryOutLate(parseStartNote(readFileSync(join(folder, file), 'utf8'))?.requestId ?? '');
    assert.deepEqual(await named(), [id]);
  });

  for (const status of [500, 503]) {
    it(`is looked for later after a ${status} of the API that came true when nobody waited any more`, async () => {
      await faults({ fault: 'status', status, ...create });
      await fails(start(), 'start_unknown');
      const kinds = (await unsettledStarts(used.api, notesOf())).map(({ kind }) => kind);
      assert.deepEqual(kinds, ['awaited']);
      const [file = ''] = readdirSync(folder);
      const note = parseStartNote(readFileSync(join(folder, file), 'utf8'));
      assert.equal(note?.perhapsTwice, true);
      await faults();
      const late = await carryOutLate(note.requestId);
      assert.deepEqual(await named(), [late]);
    });
  }

  it('ends at once when it is cancelled while it waits as a server asked (M3)', async () => {
    await faults({ fault: 'status', status: 429, retry_after_seconds: 40, count: 1, ...create });
    const stop = new AbortController();
    const began = Date.now();
    const error = await fails(
      start(stop.signal, () => stop.abort()),
      'cancelled',
    );
    assert.ok(Date.now() - began < 20_000, error.message);
    assert.deepEqual([await sent(), await all(), notesLeft()], [1, [], 0]);
  });

  it('shuts down the second devbox of a create that was carried out late, and goes on looking for one', async () => {
    await faults({ fault: 'cut', count: 1, ...create });
    let late: Promise<string> | undefined;
    const onStatus = ({ metadata }: Devbox): void => void (late ??= carryOutLate(metadata[requestKey] ?? ''));
    const { signal } = new AbortController();
    const { id } = await startPlainDevbox(used.api, name, plain, { signal, startNotes, onStatus });
    assert.notEqual(await late, id);
    assert.deepEqual(await living(), [id]);
    assert.deepEqual([(await all()).length, notesLeft()], [2, 1]);
    assert.deepEqual(await named(), [], 'the one that is wanted is not asked about');
  });

  it('is never sent where the start cannot be noted', async () => {
    await faults();
    writeFileSync(join(folder, 'a file'), '');
    const notes = new StartNotes({ folder: join(folder, 'a file', 'notes'), onFailure: () => undefined });
    const { signal } = new AbortController();
    await fails(startPlainDevbox(used.api, name, plain, { signal, startNotes: notes }), 'not_noted');
    await fails(runtimeWith({ startNotes: notes }).connect(), 'not_noted');
    assert.equal(await sent(), 0);
  });

  for (const status of [403, 503]) {
    it(`tells that a devbox may still run that a cancel could not shut down, ${status}, and asks about it later (M1)`, async () => {
      // Without an answer that counts, each shutdown is tried for seconds.
      for (const kind of status === 403 ? (['plain', 'server'] as const) : (['plain'] as const)) {
        await faults({ fault: 'status', status, ...shutdowns });
        const stop = new AbortController();
        const runtime = runtimeWith();
        runtime.onEvent((event) => {
          if (event.type === 'phase' && event.phase === 'provisioning') stop.abort();
        });
        const onStatus = (): void => stop.abort();
        const starting =
          kind === 'server'
            ? runtime.connect({ signal: stop.signal })
            : startPlainDevbox(used.api, name, plain, { signal: stop.signal, startNotes, onStatus });
        const error = await fails(starting, 'may_still_run');
        assert.deepEqual([error.devboxId], await living());
        await faults();
        if (kind === 'server') await runtime.close({ mode: 'shutdown' });
        else assert.deepEqual(await named(), await living());
        for (const id of await living()) await used.api.devboxes.shutdown(id);
        assert.deepEqual(await named(), []);
        assert.equal(notesLeft(), 0);
      }
    });
  }

  it('tells that a devbox may still run after a failure too, and where a close cannot shut it down', async () => {
    await faults({ fault: 'status', status: 403, ...shutdowns });
    const late = runtimeWith({ connectTimeoutMs: 1_500, launchCommands: ['sleep 20'] });
    const error = await fails(late.connect(), 'may_still_run');
    assert.match(error.message, /took longer than/);
    await fails(late.close(), 'may_still_run');
    const runtime = runtimeWith();
    await runtime.connect();
    await fails(runtime.close(), 'may_still_run');
    assert.equal((await living()).length, 2);
  });

  it('believes a shutdown whose answer was lost as soon as it sees that the devbox has ended', async () => {
    await faults({ fault: 'status', status: 403, took_effect: true, ...shutdowns });
    const runtime = runtimeWith();
    await runtime.connect();
    await runtime.close();
    assert.deepEqual(await living(), []);
  });
});

describe('A create that never reached a server', () => {
  it('is a failure of the network, and nothing is left to look for', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
    const startNotes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
    const api = new RunloopApi({ apiKey: 'ak_test', baseUrl: `http://127.0.0.1:${port}` });
    const stop = new AbortController();
    const options = { signal: stop.signal, startNotes };
    await assert.rejects(startPlainDevbox(api, 'nowhere', plain, options), (error) =>
      RuntimeError.is(error, 'network'),
    );
    assert.deepEqual(readdirSync(folder), []);
    rmSync(folder, { recursive: true });
  });
});
