import type { Dice } from '../dice';
import { names, operation } from '../changes/operation';

/** What bash needs before the commands of this file: commits have somebody's name, and nothing that is configured counts. */
export const people =
  'export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t';

/** Commands, none of which may end the others. */
export function work(dice: Dice, count: number): string {
  const any = (): string => (dice.chance(0.35) ? historyOperation(dice) : operation(dice));
  return Array.from({ length: count }, () => `{ ${any()}; } >/dev/null 2>&1 </dev/null || true`).join('\n');
}

/** Edits of files alone, which stay uncommitted. */
export function edits(dice: Dice, count: number): string {
  const edit = (): string => {
    const path = `./${dice.pick(names)}`;
    const [number, seed] = [dice.whole(0, 5), dice.whole(1, 1000)];
    return dice.pick([
      `rm -rf -- ${path}; mkdir -p -- "$(dirname -- ${path})"; echo ${seed} > ${path}`,
      `[ -d ${path} ] || printf '%s' ${seed} >> ${path}`,
      `rm -rf -- ${path}`,
      `[ -f ${path} ] && [ ! -L ${path} ] && chmod $((${number} % 2 ? 755 : 644)) ${path}`,
      `mkdir -p bin; seq ${seed} ${seed + dice.whole(1, 9_000)} | gzip -nc > bin/${number}`,
      `[ -d ${path} ] || mv -f -- ${path} moved${number}`,
      `rm -rf -- ${path}; ln -s ${dice.pick(['a', '/etc/passwd', '../../x'])} ${path}`,
    ]);
  };
  return Array.from({ length: count }, () => `{ ${edit()}; } >/dev/null 2>&1 </dev/null || true`).join('\n');
}

/** What makes a history more than a line. */
function historyOperation(dice: Dice): string {
  const path = `./${dice.pick(names)}`;
  const number = dice.whole(0, 5);
  const seed = dice.whole(1, 1000);
  return dice.pick([
    `git commit -q --allow-empty -m 'empty ${seed}'`,
    `git commit -q --allow-empty -m $'diff --git a/x b/x\\n\\n--- a/x\\n+++ b/x\\n\\xff'`,
    `git checkout -q -b side${number}`,
    `git checkout -q -f side${number}`,
    `git checkout -q -f main`,
    `git merge -q --no-ff -X ours -m merged side${number}`,
    `git merge -q -s octopus -m eight other side${number} main`,
    `git merge -q --allow-unrelated-histories -X theirs -m unrelated root${number}`,
    `git checkout -q --orphan root${number} && git rm -rfq . && echo ${seed} > root${number} && git add -A && git commit -qm root && git checkout -q -f main`,
    `git tag -f t${number}`,
    `git tag -f -a -m 'told' v${number}`,
    `git rebase -q --rebase-merges --root || git rebase --abort`,
    `git rebase -q main || git rebase --abort`,
    `git cherry-pick --allow-empty side${number} || git cherry-pick --abort`,
    `git revert --no-edit HEAD || git revert --abort`,
    `mkdir -p bin; seq ${seed} ${seed + dice.whole(1, 9_000)} | gzip -nc > bin/${number}; git add -A; git commit -qm binary`,
    `git mv -k -- ${path} bin/moved${number}; git commit -qam moved`,
    `[ -f ${path} ] && [ ! -L ${path} ] && chmod $((${number} % 2 ? 755 : 644)) ${path}; git commit -qam mode`,
    `mkdir -p sub${number}; git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub${number}; git commit -qm sub`,
    `ln -sfn ${dice.pick(['/etc/passwd', '../../x', '.git/hooks', 'a', 'd/../a'])} link${number}; git add -A; git commit -qm link`,
    `printf x > ${dice.pick(['CON', 'nul.txt', 'x.', "'a:b'", 'A', 'D', 'É', '.gitmodules.x', 'git~', '.gitx'])}; git add -A; git commit -qm name`,
    `[ "$(git cat-file -t HEAD:a)" = blob ] && git update-index --add --cacheinfo 100644,$(git rev-parse HEAD:a),${dice.pick(['A', 'E/F', 'Sp Ace'])}; git commit -qm case`,
  ]);
}

/** A tree that no clone takes, or one that it may. */
export interface Trick {
  readonly name: string;
  /** Makes it the commit that is checked out, without a working tree of it. */
  readonly script: string;
  /** What must come of it: all or nothing, with this said of the name of a file or none. */
  readonly is: 'refused' | 'taken';
}

/** Makes `$B` the id of a blob, `raw` a writer of ids and `done_` what puts a commit with the tree `$T` in place. */
const tools =
  `B=$(echo x | git hash-object -w --stdin); raw() { printf '%b' "$(echo $1 | sed 's/../\\\\x&/g')"; }\n` +
  `tree() { git hash-object -w -t tree --literally --stdin; }\n` +
  `commit() { git commit-tree $(git rev-parse -q --verify HEAD >/dev/null && echo -p HEAD) -m hostile "$1"; }\n` +
  `place() { git update-ref --no-deref HEAD "$1"; }\n`;
const entry = (mode: string, name: string, id = '$B'): string => `printf '${mode} ${name}\\0'; raw ${id};`;
const ofEntries = (name: string, entries: string, is: Trick['is'] = 'refused'): Trick => ({
  name,
  script: `${tools}T=$({ ${entries} } | tree); place $(commit $T)`,
  is,
});
const ofModules = (name: string, text: string, is: Trick['is'] = 'refused'): Trick => ({
  name,
  script: `${tools}M=$(printf '${text}' | git hash-object -w --stdin); T=$({ ${entry('100644', '.gitmodules', '$M')} } | tree); place $(commit $T)`,
  is,
});

/** Each is refused by something else: a check of names, git's own of objects, or as it is not whole. */
export const tricks: readonly Trick[] = [
  ...[
    '.git',
    '.GIT',
    'git~1',
    'GIT~1',
    '..',
    '.',
    'a/../../x',
    '.g\\xe2\\x80\\x8cit',
    '.git ',
    '.git.',
    '.git::$INDEX_ALLOCATION',
    '..\\\\out\\\\x',
    '.git\\\\config',
    '',
  ].map((name) => ofEntries(`a file "${name}"`, entry('100644', name))),
  ofEntries('twins', entry('100644', 'a') + entry('100644', 'a')),
  ofEntries('unsorted', entry('100644', 'b') + entry('100644', 'a')),
  ofEntries('.gitmodules as a link', entry('120000', '.gitmodules')),
  {
    name: '.git below',
    script: `${tools}I=$({ ${entry('100755', 'post-checkout')} } | tree); D=$({ ${entry('40000', '.git', '$I')} } | tree); T=$({ ${entry('40000', 'd', '$D')} } | tree); place $(commit $T)`,
    is: 'refused',
  },
  {
    name: '.git in between',
    script: `${tools}O=$(git write-tree 2>/dev/null || git rev-parse HEAD^{tree}); T=$({ ${entry('100644', '.git')} } | tree); place $(commit $T); place $(commit $O)`,
    is: 'refused',
  },
  {
    name: 'a missing file',
    script: `${tools}N=$(echo $B | tr 0-9a-f 1-9a-f0); T=$({ ${entry('100644', 'gone', '$N')} } | tree); place $(commit $T)`,
    is: 'refused',
  },
  {
    name: 'a commit without an author',
    script: `${tools}C=$({ printf 'tree %s\\n' $(git rev-parse HEAD^{tree}); printf 'committer x <x> 0 +0000\\n\\nx\\n'; } | git hash-object -w -t commit --literally --stdin); place $C`,
    is: 'refused',
  },
  ofModules('an option as address', '[submodule "x"]\\n path = x\\n url = -u./evil\\n'),
  ofModules('a submodule called ../x', '[submodule "../../x"]\\n path = x\\n url = https://x.invalid/x\\n'),
  ofModules('a newline in an address', '[submodule "x"]\\n path = x\\n url = "https://x.invalid/x\\\\nhost=y"\\n'),
  ofModules('a submodule', '[submodule "x"]\\n path = x\\n url = https://x.invalid/x\\n', 'taken'),
  ofEntries('names in both cases', entry('100644', 'README') + entry('100644', 'readme'), 'taken'),
  ofEntries('a name of Windows', entry('100644', 'CON') + entry('100644', 'a:b'), 'taken'),
  ofEntries('.gitattributes as a link', entry('120000', '.gitattributes'), 'taken'),
];

/** Files of a working tree that a patch cannot bring, as bash makes them. */
export const hostileFiles: readonly string[] = [
  'mkdir -p .GIT && echo x > .GIT/config',
  'echo x > git~1',
  "echo x > '..\\out\\x'",
  `echo x > $'.g\\xe2\\x80\\x8cit'`,
  `printf '[submodule "x"]\\n path = x\\n url = -u./evil\\n' > .gitmodules`,
  'ln -s ../../etc .gitmodules',
];
