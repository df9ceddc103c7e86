import { after, before, describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { decided } from '../../../vectors/decided';
import { encodingVectors } from '../../../vectors/encodingRequests';
import { compare, parseRecord, type VectorRecord } from '../../../vectors/record';
import { vectors } from '../../../vectors/requests';
import { shellVectors } from '../../../vectors/shellRequests';
import { furtherVectors } from '../../../vectors/terminalRequests';
import { runVectors } from '../../../vectors/runVectors';
import type { VectorAnswer } from '../../../vectors/vector';
import { RunningServer, sessionKey } from './runningServer';

describe('action server beside the recorded answers of OpenHands', () => {
  const answers = new Map<string, readonly VectorAnswer[]>();
  let record: VectorRecord;

  before(async function () {
    this.timeout(120_000);
    record = parseRecord(JSON.parse(await readFile('test/vectors/openhands-0.62.0.json', 'utf8')));
    // Most of the time is waiting: some servers wait at once.
    const groups = [furtherVectors, encodingVectors, shellVectors];
    const first = vectors.filter((vector) => !groups.some((group) => group.includes(vector)));
    await Promise.all(
      [first, ...groups].map(async (some) => {
        const server = await RunningServer.start({ environment: { NO_CHANGE_TIMEOUT_SECONDS: '3' } });
        await runVectors(
          { url: `http://127.0.0.1:${server.port}`, sessionKey },
          some,
          ({ name }, given) => void answers.set(name, given),
        );
      }),
    );
  });

  after(async () => {
    await RunningServer.stopAll();
  });

  for (const { name } of vectors) {
    it(name, () => {
      assert.deepEqual(compare(name, record, answers.get(name) ?? [], true), []);
    });
  }

  it('has a recorded answer to each request, and no decision about one that is not there', () => {
    assert.deepEqual(Object.keys(record.answers).sort(), vectors.map(({ name }) => name).sort());
    const steps = new Map(vectors.map((vector) => [vector.name, vector.steps.length]));
    const strays = Object.entries(decided).flatMap(([name, numbers]) =>
      Object.keys(numbers)
        .filter((number) => Number(number) > (steps.get(name) ?? 0))
        .map((number) => `${name} ${number}`),
    );
    assert.deepEqual(strays, []);
  });
});
