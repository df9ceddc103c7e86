import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { startPlatform } from '../../platform/testPlatform';
import { changesDevbox, signal } from '../../unit/core/changes/useChanges';
import type { Campaign } from '../campaign';
import type { Dice } from '../dice';
import { bringCommits } from './commits';
import { edits, hostileFiles, people, tricks, work, type Trick } from './histories';
import { addedTree, asAdded, fingerprint, requireSame, sh } from './places';
import { sendWork } from './sending';
import { bringUncommitted, savePatch } from './uncommitted';
import { Tally, type History, type HomeBox, type LocalClone } from './history';

/**
 * Random histories by real git in a devbox, some of them hostile, are brought to a clone here by the product's own ways: what
 * arrives is the devbox's by hash, or nothing is changed here and it is said why. Nothing of the devbox's repository is written.
 */
export const homeCampaign: Campaign = {
  about:
    'home: any history of a devbox arrives in a clone by its hashes, or nothing changes and it is said why; the devbox is only read',
  runs: 500,
  async begin() {
    const platform = await startPlatform();
    const api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const box: HomeBox = { ...(await changesDevbox(api, { name: 'home' })), api };
    const outer = process.env['TMPDIR'];
    const folder = mkdtempSync(join(tmpdir(), 'proof-home-'));
    process.env['TMPDIR'] = folder;
    return {
      async run(dice, index) {
        const tally = new Tally();
        try {
          await oneRun(box, dice, { index, folder, tally });
          return tally.counts;
        } catch (error) {
          throw tally.finding(error);
        } finally {
          // What a failed run leaves behind is not the next one's.
          for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
          await box.bash(`chmod -R u+w /tmp/proof/${index}; rm -rf /tmp/proof/${index}`);
        }
      },
      async end() {
        if (outer === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = outer;
        rmSync(folder, { recursive: true, force: true });
        await platform.stop();
      },
    };
  },
};

interface RunPlace {
  readonly index: number;
  readonly folder: string;
  readonly tally: Tally;
}

async function oneRun(box: HomeBox, dice: Dice, { index, folder, tally }: RunPlace): Promise<void> {
  const place = join(folder, String(index));
  mkdirSync(place);
  const there = `/tmp/proof/${index}`;
  const top = `${there}/r`;
  const format = dice.chance(0.1) ? '--object-format=sha256' : '';
  const first = `printf '%s\\n' ${Array.from({ length: 12 }, () => dice.whole(0, 99)).join(' ')} > a; mkdir d; echo 0 > d/x; git add -A; git commit -qm 0; git branch other`;
  await box.bash(
    `${people}; mkdir -p ${top}; cd ${top}; git init -q ${format} -b main; git config user.name t; git config user.email t@t; ${first}\n${work(dice, dice.whole(0, 25))}\ntrue`,
  );
  const clone = await makeClone(box, dice, { top, place });
  tally.count(clone.shape);
  const shape = dice.pick(['plain', 'plain', 'plain', 'plain', 'plain', 'shallow', 'worktree']);
  tally.count(`devbox ${shape}`);
  if (shape !== 'plain') await box.bash(`${people}; ${shaped[shape] ?? 'false'}`.replaceAll('TOP', top));
  await box.read(top);
  await box.bash(`cp -a ${top} ${top}.start`);
  const trick = dice.chance(0.3) ? dice.pick(tricks) : undefined;
  const hostileFile = trick === undefined && dice.chance(0.2) ? dice.pick(hostileFiles) : undefined;
  await box.bash(
    `${people}; cd ${top}; ${work(dice, dice.whole(0, 15))}\n{ git add -A; git commit -qm brought; } >/dev/null 2>&1\n` +
      `${trick === undefined ? work(dice, dice.whole(0, 10)) : trick.script}\n${hostileFile ?? ''}\n${trick === undefined && dice.chance(0.6) ? edits(dice, 4) : ''}\ntrue`,
  );
  const history = await historyOf(box, { top, trick, isHostileTree: hostileFile !== undefined, shape });
  await bringCommits(box, { history, clone, place, tally });
  await requireUnwritten(box, history);
  if (trick === undefined) {
    if (dice.chance(0.8)) await bringUncommitted(box, { history, clone, dice, tally });
    if (dice.chance(0.4)) await savePatch(box, { history, clone, dice, tally });
    await requireUnwritten(box, history);
    if (dice.chance(0.5)) await sendWork(box, { history, clone, dice, tally });
  }
  const left = readdirSync(folder).filter((name) => name.startsWith('runloop-'));
  assert.deepEqual(left, [], 'what is temporary is left behind');
  const leftThere = await box.bash(
    'ls -d /tmp/.runloop-devboxes-*-* /var/tmp/.runloop-devboxes-*/home.* 2>/dev/null || true',
  );
  assert.equal(leftThere, '', 'what is temporary is left behind in the devbox');
  assert.equal(sh(place, 'ls ran 2>/dev/null || true'), '', 'the clone ran something');
}

/** What becomes of the devbox's repository before the work that is brought home. */
const shaped: Readonly<Record<string, string>> = {
  shallow: `git clone -q --depth 2 file://TOP TOP.s && rm -rf TOP && mv TOP.s TOP && cd TOP && git config user.name t && git config user.email t@t; git branch -q other 2>/dev/null; true`,
  worktree: `mv TOP TOP.main && cd TOP.main && git worktree add -q --detach TOP 2>/dev/null || { rm -rf TOP; mv TOP.main TOP; }; cd TOP; git checkout -q -b wt 2>/dev/null; true`,
};

/** A clone here, as it was before the work that is brought home; some are odd. */
async function makeClone(
  box: HomeBox,
  dice: Dice,
  { top, place }: { readonly top: string; readonly place: string },
): Promise<LocalClone> {
  const bundle = `cd ${top} && { git rev-parse -q --verify HEAD >/dev/null && h=HEAD || h=; } && git bundle create -q - $h --all`;
  const { stdout } = await box.commands.run(bundle, { signal, deadlineMs: 30_000 });
  writeFileSync(join(place, 'bundle'), stdout);
  const shape = dice.pick([
    'plain',
    'plain',
    'ahead',
    'shallow',
    'unrelated',
    'unborn',
    'worktree',
    'below',
    'taken',
    'blocked',
    'bare',
  ]);
  const name = dice.pick(['clone', `"cl \\o\nne' $(id) ü`]);
  const sha = (await box.bash(`cd ${top} && git rev-parse --show-object-format`)).trim();
  const from = 'git clone -q bundle "$N"';
  // The devbox's own branch may have no commit yet, while another has.
  const at = '"$(git rev-parse -q --verify HEAD || git for-each-ref --count=1 --format="%(objectname)")"';
  const make: Readonly<Record<string, string>> = {
    ahead: `${from} && cd "$N" && echo mine > mine && git add mine && git commit -qm mine`,
    shallow: `git clone -q --bare bundle b.git && git clone -q --depth 1 "file://$PWD/b.git" "$N"`,
    unrelated: `git init -q --object-format=${sha} -b main "$N" && cd "$N" && echo mine > mine && git add mine && git commit -qm mine`,
    unborn: `git init -q --object-format=${sha} -b main "$N"`,
    worktree: `git clone -q bundle m && cd m && { git worktree add -q --detach ../"$N" || git worktree add -q --detach ../"$N" origin/main; }`,
    below: `${from} && mkdir -p "$N/below"`,
    taken: `${from} && cd "$N" && git branch runloop/main ${at} && git branch runloop/main-2 ${at}`,
    blocked: `${from} && cd "$N" && git branch runloop ${at}`,
    bare: `git clone -q --bare bundle "$N"`,
  };
  sh(place, `N=${JSON.stringify(name).replaceAll('$', '\\$').replaceAll('\\n', '\n')}; ${make[shape] ?? from}`);
  const folder = join(place, name);
  const git = join(place, shape === 'worktree' ? 'm/.git' : shape === 'bare' ? name : `${name}/.git`);
  if (dice.chance(0.4)) {
    for (const hook of ['reference-transaction', 'post-checkout', 'post-index-change', 'pre-commit']) {
      writeFileSync(join(git, 'hooks', hook), `#!/bin/sh\ntouch '${join(place, 'ran')}'\n`, { mode: 0o755 });
    }
    sh(
      place,
      `git --git-dir="$G" config core.fsmonitor "touch '$PWD/ran'; false"`.replace('$G', () =>
        git.replaceAll(/["\\$`]/g, '\\$&'),
      ),
    );
  }
  return { folder, git, shape, given: shape === 'below' ? join(folder, 'below') : folder };
}

async function historyOf(
  box: HomeBox,
  about: {
    readonly top: string;
    readonly trick: Trick | undefined;
    readonly isHostileTree: boolean;
    readonly shape: string;
  },
): Promise<History> {
  const { top } = about;
  await box.bash(`cp -a ${top} ${top}.copy`);
  // A worktree's copy would write where its original does.
  const own =
    about.shape === 'worktree'
      ? `cd ${top}.copy && if [ -f .git ]; then D=$(git rev-parse --git-dir); C=$(git rev-parse --git-common-dir); rm .git; cp -a "$C" .git; cp -a "$D"/. .git/; rm -rf .git/worktrees .git/commondir .git/gitdir; fi; cd /;`
      : '';
  await box.bash(`${own} true`);
  const state = await box.bash(fingerprint(top));
  const head = (await box.bash(`cd ${top}.copy; git rev-parse -q --verify HEAD || true`)).trim();
  const { stdout } = await box.commands.run(asAdded(`${top}.copy`), { signal, deadlineMs: 30_000 });
  return { ...about, head, state, work: addedTree(Buffer.from(stdout).toString('latin1')) };
}

async function requireUnwritten(box: HomeBox, { top, state }: History): Promise<void> {
  requireSame(await box.bash(fingerprint(top)), state, 'the folder in the devbox was written to');
}
