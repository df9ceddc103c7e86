import { quote } from '../../../ground/shellWords';
import type { RunMount } from '../dockerfile/steps';

/** Where the contents of caches are while no RUN uses them; not part of what is kept. */
const cacheFolder = '/run/devbox/caches';

/** A mount with what the build has prepared for it. */
export interface PreparedMount {
  readonly mount: RunMount;
  /** Where its source is, for a bind or a cache that has one. */
  readonly source?: string | undefined;
  /** The variable in which the value of a secret comes; undefined for one that is not given. */
  readonly secretIn?: string | undefined;
}

/**
 * What mounts need no kernel for: a target is put aside and filled, and after the command everything is as it was before.
 * So it works wherever a build does, and what a command writes there is lost as Docker loses it. Every name is one that no
 * ENV sets, and the search path is the system's meanwhile.
 */
const functions = String.raw`
__devbox_path=$PATH
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
__devbox_undo=()
__devbox_fail() { echo "RUN: $1" >&2; exit 1; }
__devbox_aside() { # number target
  local at missing=
  at=$(dirname -- "$2")
  while [ ! -e "$at" ]; do missing=$missing$at$'\n'; at=$(dirname -- "$at"); done
  mkdir -p -- "$(dirname -- "$2")" /run/devbox/aside || exit 1
  if [ -e "$2" ] || [ -L "$2" ]; then mv -T -- "$2" "/run/devbox/aside/$1" || return 1; fi
  __devbox_undo=("$1" "$2" "$missing" "$\{__devbox_undo[@]}")
}
__devbox_back() {
  local at
  while [ "$\{#__devbox_undo[@]}" != 0 ]; do
    set -- "$\{__devbox_undo[@]:0:3}"
    __devbox_undo=("$\{__devbox_undo[@]:3}")
    rm -rf -- "$2"
    if [ -e "/run/devbox/aside/$1" ] || [ -L "/run/devbox/aside/$1" ]; then mv -T -- "/run/devbox/aside/$1" "$2"; fi
    while IFS= read -r at; do if [ -n "$at" ]; then rmdir -- "$at" 2> /dev/null; fi; done <<< "$3"
  done
}
__devbox_own() { # path owner mode
  if [ "$RUNLOOP_LOCAL_USERS" = 1 ]; then chown -- "$2" "$1" || exit 1; fi
  chmod -- "$3" "$1" || exit 1
}
__devbox_bind() { # number target source copied-as
  [ -e "$3" ] || [ -L "$3" ] || __devbox_fail "there is no $4 to mount at $2."
  __devbox_aside "$1" "$2" || exit 1
  cp -a "$5" -T -- "$3" "$2" || exit 1
}
__devbox_fill() { # number target owner mode
  __devbox_aside "$1" "$2" || return 0
  mkdir -- "$2" || exit 1
  __devbox_own "$2" "$3" "$4"
}
__devbox_cache() { # number target owner mode cache source
  __devbox_aside "$1" "$2" || exit 1
  if [ -e "$5" ]; then mv -T -- "$5" "$2" || exit 1
  elif [ -n "$6" ]; then cp -a -T -- "$6" "$2" || exit 1
  else mkdir -- "$2" && __devbox_own "$2" "$3" "$4" || exit 1; fi
}
__devbox_file() { # number target owner mode content
  __devbox_aside "$1" "$2" || exit 1
  (umask 077; printf %s "$5" > "$2") || exit 1
  __devbox_own "$2" "$3" "$4"
}
`.replaceAll('\\{', '{');

/** Shell text that makes the mounts of one RUN, runs the command in its arguments, and takes the mounts away. */
export function mountScript(mounts: readonly PreparedMount[]): string {
  // The outer one first, as Docker has it.
  const sorted = mounts.toSorted((left, right) => left.mount.target.localeCompare(right.mount.target));
  const before = sorted.map((prepared, number) => linesOf(prepared, number));
  const after = sorted.map(({ mount }) =>
    mount.type === 'cache'
      ? `mkdir -p ${cacheFolder} && rm -rf -- ${cacheOf(mount)} && mv -T -- ${quote(mount.target)} ${cacheOf(mount)}\n`
      : '',
  );
  return `${functions}${before.join('')}PATH=$__devbox_path
"$@"
__devbox_code=$?
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
${after.toReversed().join('')}__devbox_back
exit $__devbox_code`;
}

function linesOf({ mount, source, secretIn }: PreparedMount, number: number): string {
  const target = quote(mount.target);
  const owner = `${mount.uid}:${mount.gid} ${mount.mode}`;
  switch (mount.type) {
    case 'bind': {
      const whose = mount.from?.kind === 'stage' ? '--preserve=ownership' : '--no-preserve=ownership';
      return `__devbox_bind ${number} ${target} ${quote(source ?? '')} ${quote(mount.source ?? '')} ${whose}\n`;
    }
    case 'cache':
      return `__devbox_cache ${number} ${target} ${owner} ${cacheOf(mount)} ${quote(source ?? '')}\n`;
    case 'tmpfs':
      return `__devbox_fill ${number} ${target} ${owner}\n`;
    case 'file':
      return `__devbox_file ${number} ${target} ${owner} ${quote(mount.content ?? '')}\n`;
    case 'secret': {
      if (secretIn === undefined) {
        return mount.required ? `__devbox_fail ${quote(`the secret ${mount.id} is not given.`)}\n` : '';
      }
      const file = mount.target === '' ? '' : `__devbox_file ${number} ${target} ${owner} "$${secretIn}"\n`;
      const variable = mount.variable === undefined ? '' : `export ${mount.variable}="$${secretIn}"\n`;
      return `${file}${variable}unset -v ${secretIn}\n`;
    }
  }
}

function cacheOf({ id }: RunMount): string {
  return `${cacheFolder}/${Buffer.from(id).toString('hex').slice(0, 200)}`;
}
