import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { createDevbox } from '../../../../src/core/start/createDevbox';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { startPlainDevbox } from '../../../../src/core/start/plainDevbox';
import { eventually } from '../../../eventually';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';
import { countFaults, orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

const create = { method: 'POST', path: '/v1/devboxes' };
const looks = { method: 'GET', path: '/v1/devboxes' };
const plain = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;

describe('A create that is refused, or given up before it is sent', function () {
  this.timeout(120_000);
  const used = usePlatform('--fault-control');
  let folder: string;
  let startNotes: StartNotes;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
    startNotes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
  });
  afterEach(async () => {
    await orderFaults(used.platform);
    rmSync(folder, { recursive: true, force: true });
  });

  const notesLeft = (): number => readdirSync(folder).length;
  const faults = (...rules: readonly Readonly<Record<string, unknown>>[]): Promise<void> =>
    orderFaults(used.platform, { fault: 'forget_repeats', ...create }, ...rules);
  /** How many creates were sent. */
  const sent = async (): Promise<number> => (await countFaults(used.platform))[0]?.matches ?? 0;
  const start = (signal = new AbortController().signal): Promise<unknown> =>
    startPlainDevbox(used.api, 'refused', plain, { signal, startNotes });
  const fails = async (work: Promise<unknown>, code: RuntimeErrorCode): Promise<void> => {
    await assert.rejects(work, (error) => {
      assert.ok(RuntimeError.is(error, code), String(error));
      return true;
    });
  };

  it('is not sent at all where the start is cancelled before, and leaves no note (M3)', async () => {
    await faults();
    await fails(start(AbortSignal.abort()), 'cancelled');
    const { apiKey, baseUrl } = used.platform;
    const options = {
      apiKey,
      baseUrl,
      sid: 'refused',
      reuseExisting: false,
      headlessMode: true,
      plugins: [],
      startNotes,
    };
    await fails(new RunloopRuntime(options).connect({ signal: AbortSignal.abort() }), 'cancelled');
    assert.deepEqual([await sent(), notesLeft()], [0, 0]);
  });

  const finalRefusals: Readonly<Record<string, RuntimeErrorCode>> = {
    400: 'api',
    401: 'authentication',
    403: 'permission',
  };
  for (const [status, code] of Object.entries(finalRefusals)) {
    it(`is sent once and looked for by nobody where it is refused with ${status}`, async () => {
      await faults({ fault: 'status', status: Number(status), ...create }, { fault: 'delay', delay_ms: 0, ...looks });
      await fails(start(), code);
      const [, , looked] = await countFaults(used.platform);
      assert.deepEqual([await sent(), looked?.matches, notesLeft()], [1, 0, 0]);
    });
  }

  for (const status of [409, 499, 504, 520, 522, 524, 598]) {
    it(`is not known after an answer of ${status}, which may be that of somebody on the way, and is looked for later`, async () => {
      await faults({ fault: 'status', status, count: 1, ...create });
      const stop = new AbortController();
      const starting = start(stop.signal);
      await eventually(sent, (count) => count === 1);
      stop.abort();
      await fails(starting, 'start_unknown');
      assert.deepEqual([await sent(), notesLeft()], [1, 1]);
    });
  }

  const reset = 'upstream connect error or disconnect/reset before headers. reset reason: connection termination';
  const answers = {
    'is not known after a 503 that is not the API’s': {
      body: reset,
      type: 'text/plain',
      code: 'start_unknown',
      notes: 1,
    },
    'is not known after a 500 without a body': { body: '', type: 'text/plain', code: 'start_unknown', notes: 1 },
    'is not known after a page with 503': {
      body: '<html>Busy</html>',
      type: 'text/html',
      code: 'start_unknown',
      notes: 1,
    },
    'is not known after a 503 of the API, which may be carried out later': {
      body: '{"message":"busy"}',
      type: 'application/json',
      code: 'start_unknown',
      notes: 1,
    },
    'is not known after a 500 of the API': {
      body: '{"message":"broken"}',
      type: 'application/json',
      status: 500,
      code: 'start_unknown',
      notes: 1,
    },
    'has made nothing after a 501 of the API': {
      body: '{"message":"no devboxes here"}',
      type: 'application/json',
      status: 501,
      code: 'api',
      notes: 0,
    },
  } as const;
  for (const [what, { body, type, code, notes, ...more }] of Object.entries(answers)) {
    it(what, async () => {
      const server = await ScriptedServer.start(({ method }, answer) => {
        if (method === 'GET') {
          sendJson(answer, { devboxes: [], has_more: false });
        }
        // No other try, which the test would have to wait for.
        else {
          answer
            .writeHead('status' in more ? more.status : 503, { 'content-type': type, 'x-should-retry': 'false' })
            .end(body);
        }
      });
      try {
        const api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
        const { signal } = new AbortController();
        await fails(startPlainDevbox(api, 'refused', plain, { signal, startNotes }), code);
        assert.equal(notesLeft(), notes);
      } finally {
        await server.stop();
      }
    });
  }

  it('can be given up while the reason of its refusal is looked for', async function () {
    // The look ends by itself later than that.
    this.timeout(8_000);
    const stop = new AbortController();
    const server = await ScriptedServer.start(({ method }, answer) => {
      if (method === 'POST') sendJson(answer, { message: 'no such blueprint' }, 400);
      // The look for the blueprint has no answer.
      else stop.abort();
    });
    try {
      const api = new RunloopApi({ apiKey: 'ak_x', baseUrl: server.origin });
      const body = { name: 'refused', blueprint_name: 'gone' };
      const onPerhapsTwice = (): Promise<void> => Promise.resolve();
      await fails(createDevbox(api, body, { signal: stop.signal, requestId: 'refused', onPerhapsTwice }), 'api');
    } finally {
      await server.stop();
    }
  });
});
