import type { Dice } from '../dice';

/** Names that somebody gives to files, as bash reads them. */
export const names = [
  'a',
  'b',
  'd',
  'd/x',
  'd/y',
  'e/f',
  `$'new\\nline'`,
  `$'\\xff'`,
  `'"q'`,
  `'sp ace'`,
  `'-rf'`,
  `'*'`,
  `'é'`,
  `'\\b'`,
];

const rare = [
  'git -c protocol.file.allow=always submodule add -q -f "$top.lib" s1',
  'git -c protocol.file.allow=always submodule add -q -f "$top.lib" s1',
  'git -c protocol.file.allow=always submodule update -q --init',
  'git -C s1 checkout -q HEAD~1',
  'git -C s1 commit -q --allow-empty -m more',
  'echo dirt >> s1/lib',
  'git submodule deinit -q -f s1',
  'git rm -q -f s1',
  'git worktree add -q -f --detach "$top.tree"',
  'git worktree add -q -f --detach "$top.tree"',
  'echo w >> "$top.tree/a"; rm -f "$top.tree/d/x"; echo n > "$top.tree/n"',
  'git -C "$top.tree" add -A; git -C "$top.tree" commit -qm w',
  'git worktree remove -f "$top.tree"; git worktree prune',
  'git worktree lock "$top.tree"',
  binary('big'),
  binary('d/big'),
  'mv -f -- big d/big',
  'cp -a -- d/big big',
  'rm -f -- big d/big',
  'git add -- big',
];

/** 100 MB with other bytes at their end each time: sparse, as it is about their size. */
function binary(name: string): string {
  return `mkdir -p d 2>/dev/null; rm -f -- ${name}; truncate -s 100000000 ${name}; printf '\\0%s' "$RANDOM$RANDOM" >> ${name}`;
}

/** One thing that is done in a repository's submodule, worktree or with its 100 MB file, for bash; `$top` is its folder. */
export function rareOperation(dice: Dice): string {
  return dice.pick(rare);
}

/** One thing that somebody does in a repository, for bash. */
export function operation(dice: Dice): string {
  const [name, other] = [dice.pick(names), dice.pick(names)];
  const path = `./${name}`;
  const parent = `mkdir -p -- "$(dirname -- ${path}; echo)" 2>/dev/null`;
  const text = dice.pick(['1', '2', `${dice.whole(0, 9)}`, 'same', '']);
  return dice.pick([
    `${parent}; printf '%s\\n' '${text}' > ${path}`,
    `${parent}; printf '%s\\n' '${text}' > ${path}`,
    `${parent}; printf '%s\\n' '${text}' >> ${path}`,
    `rm -rf -- ${path}`,
    `mv -f -- ${path} ./${other}`,
    `cp -a -- ${path} ./${other}`,
    `[ -d ${path} ] || chmod 755 ${path}`,
    `[ -d ${path} ] || chmod 644 ${path}`,
    `touch -d 2001-01-01 ${path}`,
    `rm -rf -- ${path}; ${parent}; ln -sfn -- ./${other} ${path}`,
    `rm -rf -- ${path}; mkdir -p -- ${path}; echo in > ${path}/in`,
    `${parent}; head -c ${dice.whole(1, 300_000)} /dev/urandom > ${path}`,
    `git add -- ${path}`,
    `git add -N -- ${path}`,
    'git add -A',
    `git rm -q --cached -r -- ${path}`,
    `git mv -f -- ${path} ./${other}`,
    `git checkout -- ${path}`,
    'git commit -qm work',
    'git add -A; git commit -qm all',
    'git commit -q --amend --no-edit --allow-empty',
    'git reset -q --hard',
    'git reset -q --soft HEAD~1',
    'git reset -q HEAD~1',
    'git checkout -q other',
    'git checkout -q main',
    'git checkout -q --detach',
    'git merge -q other -m merged',
    'git merge --abort',
    'git rebase -q other',
    'git rebase --abort',
    'git cherry-pick main',
    'git cherry-pick --abort',
    'git stash -q -u',
    'git stash pop -q',
    'git clean -fdq',
    'git gc -q --prune=now',
    'git pack-refs --all',
    'git update-index --split-index',
    'git update-index --really-refresh',
  ]);
}
