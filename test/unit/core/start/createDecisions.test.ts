import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { RuntimeError, type RuntimeErrorCode } from '../../../../src/core/errors';
import { requestKey } from '../../../../src/core/platform/requestKey';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { createDevbox } from '../../../../src/core/start/createDevbox';
import { ScriptedServer, sendJson } from '../../../network/scriptedServer';

const realTimeout = setTimeout;
const page = '<html>Busy</html>';

/** What a create is answered with: JSON, but for a text; and what is made of it where nothing is found. */
interface Row {
  readonly status: number;
  readonly body?: string;
  readonly creates: number;
  /** Looks for it, in all. */
  readonly looks: number;
  readonly is: RuntimeErrorCode;
}

const rows: Readonly<Record<string, Row>> = {
  'a final refusal': { status: 400, creates: 1, looks: 0, is: 'api' },
  'one that may be put off': { status: 429, creates: 4, looks: 0, is: 'rate_limited' },
  'the API’s own trouble': { status: 500, creates: 4, looks: 8, is: 'start_unknown' },
  'what it cannot do': { status: 501, creates: 1, looks: 0, is: 'api' },
  'what somebody else cannot do': { status: 501, body: page, creates: 1, looks: 3, is: 'start_unknown' },
  'trouble that is not the API’s': { status: 503, body: page, creates: 4, looks: 12, is: 'start_unknown' },
  'nobody behind it': { status: 502, creates: 4, looks: 12, is: 'start_unknown' },
  'nobody behind it in time': { status: 504, creates: 4, looks: 12, is: 'start_unknown' },
  'a request that took too long': { status: 408, creates: 4, looks: 12, is: 'start_unknown' },
  'one that is under way': { status: 409, creates: 1, looks: 3, is: 'start_unknown' },
  'what no standard knows': { status: 524, creates: 4, looks: 12, is: 'start_unknown' },
  'what is no JSON': { status: 200, body: page, creates: 1, looks: 3, is: 'start_unknown' },
};

describe('What is made of the answer to a create', function () {
  this.timeout(60_000);
  let server: ScriptedServer;
  let api: RunloopApi;
  let create: (answer: ServerResponse) => void;
  /** What is answered to whoever lists devboxes, and blueprints. */
  let devboxes: unknown[];
  let list: (answer: ServerResponse) => void;
  let blueprints: ((answer: ServerResponse) => void) | undefined;
  let stop: AbortController;
  let waits: number[];
  let onWait: (() => void) | undefined;
  let perhapsTwice: (() => Promise<void>) | undefined;

  beforeEach(async () => {
    devboxes = [];
    list = (answer) => sendJson(answer, { devboxes, has_more: false });
    blueprints = undefined;
    perhapsTwice = undefined;
    onWait = undefined;
    waits = [];
    stop = new AbortController();
    server = await ScriptedServer.start(({ method, url }, answer) => {
      if (method === 'POST') create(answer);
      else if (!url.includes('/blueprints')) list(answer);
      else if (blueprints === undefined) sendJson(answer, { blueprints: [], has_more: false });
      else blueprints(answer);
    });
    api = new RunloopApi({ apiKey: 'ak_of_a_test', baseUrl: server.origin });
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    syncBuiltinESMExports();
  });
  afterEach(async () => {
    mock.timers.reset();
    syncBuiltinESMExports();
    await server.stop();
  });

  /** Creates one, with a clock that runs fast. */
  async function creates(body: { readonly blueprint_name?: string } = {}): Promise<unknown> {
    const over = { is: false };
    const result = createDevbox(
      api,
      { name: 'mine', ...body },
      {
        signal: stop.signal,
        requestId: 'r',
        onWait: ({ seconds }) => {
          waits.push(seconds);
          onWait?.();
        },
        onPerhapsTwice: () => perhapsTwice?.() ?? Promise.resolve(),
      },
    ).finally(() => (over.is = true));
    result.catch(() => undefined);
    while (!over.is) {
      await new Promise((resolve) => void realTimeout(resolve, 1));
      mock.timers.tick(100);
    }
    return result;
  }
  async function fails(work: Promise<unknown>, code: RuntimeErrorCode): Promise<RuntimeError> {
    const error = await work.then(
      () => assert.fail('It did not fail.'),
      (thrown: unknown) => thrown,
    );
    assert.ok(RuntimeError.is(error, code), String(error));
    return error;
  }
  const sent = (method: string, path: string): number =>
    server.seen.filter((one) => one.method === method && one.url.split('?')[0] === path).length;
  const counts = (): readonly number[] => [sent('POST', '/v1/devboxes'), sent('GET', '/v1/devboxes')];
  const refused = (status: number, body?: string) => (answer: ServerResponse) => {
    if (body === undefined) sendJson(answer, { message: 'no' }, status);
    else answer.writeHead(status, { 'content-type': 'text/html' }).end(body);
  };
  const made = (id: string, status = 'running'): unknown => ({ id, status, metadata: { [requestKey]: 'r' } });

  for (const [what, { status, body, ...row }] of Object.entries(rows)) {
    it(`is told, looked for and sent again as it has to be: ${what}, ${status}`, async () => {
      create = refused(status, body);
      const fromMs = Date.now();
      await fails(creates(), row.is);
      // Looks have pauses between them, as it may come true meanwhile.
      assert.ok(Date.now() - fromMs >= (row.looks === 3 ? 3_000 : row.looks * 300), `${Date.now() - fromMs} ms`);
      assert.deepEqual(counts(), [row.creates, row.looks]);
      assert.equal(waits.length, row.creates - 1);
      const keys = server.seen.flatMap(({ headers, method }) => (method === 'POST' ? headers['x-request-id'] : []));
      assert.deepEqual(new Set(keys), new Set(['r']));
    });
  }

  it('is the devbox that lives, of those that a look finds, and no one that others have made', async () => {
    create = refused(500);
    const theirs = { id: 'dbx_theirs', status: 'running', metadata: { [requestKey]: 'another' } };
    devboxes = [theirs, { ...theirs, id: 'dbx_of_nobody', metadata: {} }, made('dbx_ended', 'shutdown'), made('dbx_1')];
    assert.equal(((await creates()) as { id: string }).id, 'dbx_1');
    assert.deepEqual(counts(), [1, 1]);
  });

  it('is believed of an answer that does not say whose it is', async () => {
    create = (answer) => sendJson(answer, { id: 'dbx_1', status: 'running', metadata: {} });
    assert.equal(((await creates()) as { id: string }).id, 'dbx_1');
    assert.deepEqual([counts(), getEventListeners(stop.signal, 'abort')], [[1, 0], []]);
  });

  it('is not known where nobody says within 15 s what there is', async () => {
    create = refused(500);
    list = () => undefined;
    const fromMs = Date.now();
    await fails(creates(), 'start_unknown');
    assert.ok(Date.now() - fromMs >= 15_000 && Date.now() - fromMs < 20_000, `${Date.now() - fromMs} ms`);
    assert.equal(counts()[0], 1);
  });

  it('is not known where what is listed cannot be read, and then it is not sent again', async () => {
    create = refused(500);
    devboxes = [7];
    await fails(creates(), 'start_unknown');
    assert.deepEqual(counts(), [1, 1]);
  });

  it('is sent again only when it is written down that there may be two', async () => {
    const answers = [refused(500), (answer: ServerResponse) => sendJson(answer, made('dbx_2'))];
    create = (answer) => answers.shift()?.(answer);
    let before = 0;
    perhapsTwice = async () => {
      await new Promise((resolve) => void realTimeout(resolve, 50));
      [before = 0] = counts();
    };
    await creates();
    assert.deepEqual([before, ...counts()], [1, 2, 2]);
  });

  it('is not written down as two where nothing came of the first', async () => {
    const answers = [refused(429), (answer: ServerResponse) => sendJson(answer, made('dbx_1'))];
    create = (answer) => answers.shift()?.(answer);
    perhapsTwice = () => assert.fail('It was.');
    await creates();
    assert.deepEqual(counts(), [2, 0]);
  });

  it('is not waited for longer than a minute', async () => {
    create = (answer) => answer.writeHead(429, { 'retry-after': '61', 'content-type': 'application/json' }).end('{}');
    await fails(creates(), 'rate_limited');
    create = (answer) => answer.writeHead(429, { 'retry-after': '60', 'content-type': 'application/json' }).end('{}');
    await fails(creates(), 'rate_limited');
    assert.deepEqual(
      [counts(), waits],
      [
        [5, 0],
        [60, 60, 60],
      ],
    );
  });

  it('is not waited for where it is given up, and sent again whatever becomes of those who are told', async () => {
    create = (answer) => answer.writeHead(429, { 'retry-after': '40', 'content-type': 'application/json' }).end('{}');
    onWait = () => stop.abort();
    const fromMs = Date.now();
    await fails(creates(), 'cancelled');
    assert.ok(Date.now() - fromMs < 20_000, `${Date.now() - fromMs} ms`);
    stop = new AbortController();
    const answers = [create, (answer: ServerResponse) => sendJson(answer, made('dbx_1'))];
    create = (answer) => answers.shift()?.(answer);
    onWait = () => assert.fail('A listener that fails.');
    assert.equal(((await creates()) as { id: string }).id, 'dbx_1');
  });

  it('is nothing at all, where it was given up before', async () => {
    stop.abort();
    await fails(creates(), 'cancelled');
    assert.deepEqual(server.seen, []);
  });

  it('is the last one, where it was given up meanwhile', async () => {
    for (const [status, code] of [
      [429, 'cancelled'],
      [500, 'start_unknown'],
    ] as const) {
      server.seen.length = 0;
      stop = new AbortController();
      create = (answer) => {
        stop.abort();
        refused(status)(answer);
      };
      await fails(creates(), code);
      assert.equal(counts()[0], 1);
    }
  });

  it('is the devbox although it was given up meanwhile, and waited for no longer than 20 s', async () => {
    create = (answer) => {
      stop.abort();
      setTimeout(() => sendJson(answer, made('dbx_1')), 15_000);
    };
    assert.equal(((await creates()) as { id: string }).id, 'dbx_1');
    stop = new AbortController();
    let fromMs = 0;
    let tookMs = 0;
    create = (answer) => {
      fromMs = Date.now();
      stop.abort();
      answer.once('close', () => (tookMs = Date.now() - fromMs));
    };
    await fails(creates(), 'start_unknown');
    assert.ok(tookMs >= 20_000 && tookMs < 25_000, `${tookMs} ms`);
    assert.equal(counts()[0], 2);
  });

  describe('that names a blueprint', () => {
    const build = (status: string) => (answer: ServerResponse) =>
      sendJson(answer, { blueprints: [{ id: 'bpt_1', name: 'gone', status }], has_more: false });

    it('is explained by that, where it is not there or not finished', async () => {
      create = refused(400);
      const explained = async (): Promise<string> =>
        (await fails(creates({ blueprint_name: 'gone' }), 'blueprint_missing')).problem.id;
      assert.equal(await explained(), 'blueprint_missing');
      blueprints = build('failed');
      assert.equal(await explained(), 'blueprint_unfinished');
      blueprints = build('build_complete');
      await fails(creates({ blueprint_name: 'gone' }), 'api');
      blueprints = refused(403);
      await fails(creates({ blueprint_name: 'gone' }), 'api');
    });

    it('is told as it is where the blueprint has nothing to do with it', async () => {
      for (const [status, code] of [
        [401, 'authentication'],
        [403, 'permission'],
        [429, 'rate_limited'],
        [501, 'api'],
      ] as const) {
        create = refused(status);
        await fails(creates({ blueprint_name: 'gone' }), code);
      }
      assert.equal(sent('GET', '/v1/blueprints'), 0);
    });

    it('is told as it is after 10 s, where nobody says whether it is there', async () => {
      create = refused(400);
      blueprints = () => undefined;
      const fromMs = Date.now();
      await fails(creates({ blueprint_name: 'gone' }), 'api');
      assert.ok(Date.now() - fromMs >= 10_000 && Date.now() - fromMs < 15_000);
    });
  });
});
