import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { changesReport } from '../../../../src/core/changes/changesReport';
import { changeGroups } from '../../../../src/core/changes/compare';
import { turnsOf } from '../../../turnsOf';

const count = 60_000;
const id = (of: number): string => of.toString(16).padStart(40, '0');

/** What the script says of so many files, of which a third each is changed, moved and new. */
function largeReport(): Buffer {
  const lines = (line: (at: number) => string): string => Array.from({ length: count }, (_, at) => line(at)).join('');
  const zero = '0'.repeat(40);
  const status = lines((at) =>
    at % 3 === 0
      ? `1 .M N... 100644 100644 100644 ${id(at)} ${id(at)} f${at}\0`
      : at % 3 === 1
        ? `1 .D N... 100644 100644 000000 ${id(at)} ${id(at)} f${at}\0`
        : `? f${at}\0`,
  );
  // What is new has the content of what is gone.
  const isThere = (at: number): boolean => at % 3 !== 1;
  const missed = lines((at) => (isThere(at) ? `1.0 100644 1 1/f${at}\n` : ''));
  const ids = lines((at) => (isThere(at) ? `${id(at % 3 === 0 ? count + at : at - 1)}\n` : ''));
  const since = `:100644 100644 ${zero} ${zero} M\0other\0`;
  const facts = ['', 'main', 'sha1', '/r/.git', 'true', id(1), '', '1'].map((one) => `${one}\0`).join('');
  const parts = { facts, status, files: '', since, turn: '', hidden: '', filters: '', missed, ids };
  const titles = Object.entries(parts).map(([name, text]) => `${name} ${text.length}\0`);
  return Buffer.from([...titles, '\0', ...Object.values(parts), 'end\0'].join(''));
}

describe('A repository that differs in tens of thousands of files', function () {
  this.timeout(120_000);

  it('is read and compared in slices, and each move is told once', async () => {
    const output = largeReport();
    const read = await turnsOf(() => changesReport(output));
    assert.ok(read.turns > 3, `${read.turns} turns of others while it is read`);
    const report = read.result?.report ?? assert.fail('no report');
    const compared = await turnsOf(() => changeGroups(report));
    assert.ok(compared.turns > 3, `${compared.turns} turns of others while it is compared`);
    const { uncommitted, sinceStart = [] } = compared.result;
    assert.equal(uncommitted.length, count);
    const paths = uncommitted.map(({ path }) => path);
    assert.deepEqual(paths, paths.toSorted());
    const moved = sinceStart.filter(({ kind }) => kind === 'renamed');
    assert.equal(moved.length, count / 3);
    assert.equal(new Set(moved.map(({ from }) => from)).size, count / 3);
    assert.deepEqual(
      sinceStart.filter(({ kind }) => kind === 'deleted'),
      [],
    );
  });
});
