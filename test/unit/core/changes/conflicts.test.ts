import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { usePlatform } from '../../../platform/usePlatform';
import { requireSidesAsThere } from './requireSides';
import { changesDevbox, requireAsGitSays, short, type ChangesDevbox } from './useChanges';

/** Two branches that conflict in each of the seven ways, with a folder in the place of a file on either side. */
const bothSides = `rows() { seq 1 20; }
for n in uu ud du dd; do { rows; echo $n; } > $n; done; mkdir dir; echo in > dir/in; echo k > kind; git add -A; git commit -qm base
git checkout -qb other; echo t >> uu; git rm -q ud; echo theirs >> du; git mv dd theirs-dd; echo t > aa; rm kind; mkdir kind
echo t > kind/f; echo them >> dir/in; git add -A; git commit -qm theirs; git checkout -q main
echo o >> uu; echo ours >> ud; git rm -q du; git mv dd ours-dd; echo o > aa; echo ours > kind; git rm -rq dir; echo file > dir`;

describe('Files that a merge has left in conflict', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: ChangesDevbox;

  before(async () => {
    box = await changesDevbox(used.api, { name: 'conflicts' });
  });

  it('are there if they are there, whichever side deleted, moved or made them', async () => {
    const top = await box.repository(bothSides);
    await box.read(top);
    await box.bash(`cp -a ${top} ${top}.start; cd ${top}; git merge other >/dev/null || true`);
    const found = await requireAsGitSays(box, top);
    const letters = found.report.status
      .filter(({ kind }) => kind === 'unmerged')
      .map(({ staged, work }) => staged + work);
    assert.deepEqual([...new Set(letters)].sort(), ['AA', 'AU', 'DD', 'DU', 'UA', 'UD', 'UU']);
    assert.ok((await requireSidesAsThere(box, top, found, { start: `${top}.start` })) > 30);
    // What git moved out of the way is told, what only they deleted is as it was.
    assert.deepEqual(found.groups.sinceStart?.map(short), [
      'modified aa',
      'added dir/in',
      'renamed dir~HEAD < dir',
      'added du',
      'added kind/f',
      'renamed kind~HEAD < kind',
      'added theirs-dd',
      'modified uu',
    ]);
  });
});
