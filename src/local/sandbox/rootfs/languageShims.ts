import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { systemPath } from '../../host/hostPrograms';

/**
 * `python` on a computer that has `python3` only, as Debian has it, or a `python` in somebody's home. Whichever `python` the
 * devbox gets of its own comes before. It is run by its own path, so that it knows where it is.
 */
const pythonName = String.raw`#!/bin/sh
IFS=:
for folder in $PATH; do
  if [ -x "$folder/python" ] && [ ! -d "$folder/python" ] && [ ! "$folder/python" -ef "$0" ]; then exec "$folder/python" "$@"; fi
done
if ! program=$(command -v python3); then
  echo "python: there is no python3. Install it with apt-get install python3." >&2
  exit 127
fi
exec "$program" "$@"
`;

/** `corepack`, which leaves yarn and pnpm beside itself: a user who may not write there has them in its home. */
const corepackName = String.raw`#!/bin/sh
program=
IFS=:
for folder in $PATH; do
  if [ -x "$folder/corepack" ] && [ ! "$folder/corepack" -ef "$0" ]; then program=$folder/corepack; break; fi
done
unset IFS
if [ -z "$program" ]; then
  echo "corepack: there is none. Install it with npm install -g corepack." >&2
  exit 127
fi
case $1 in
  enable | disable)
    named=
    for word in "$@"; do case $word in --install-directory*) named=yes ;; esac; done
    if [ -z "$named" ]; then
      # It would look for itself, and find this.
      folder=\${program%/*} word=$1
      if [ ! -w "$folder" ]; then folder=$HOME/.local/bin; mkdir -p "$folder" || exit 1; fi
      shift
      set -- "$word" --install-directory "$folder" "$@"
    fi ;;
esac
exec "$program" "$@"
`.replaceAll('\\${', '${');

/** What login shells read: where a user's own programs are, since the system's profile has set the search path anew. */
export const profileScript = String.raw`case ":$PATH:" in
  *":$HOME/.local/bin:"*) ;;
  *) if [ "$(id -u)" != 0 ]; then PATH=$HOME/.local/bin:$PATH; fi ;;
esac
`;

/** The programs, by name, that devboxes get because of how this computer has its languages. */
export function languageShims(has: (program: string) => boolean = inSystem): Readonly<Record<string, string>> {
  return {
    ...(has('python3') && !has('python') ? { python: pythonName } : {}),
    ...(has('corepack') ? { corepack: corepackName } : {}),
  };
}

/**
 * Where this computer's npm reads what holds for everybody. Once npm installs somewhere else it would look there, and what
 * a company has set, such as its registry, would be lost.
 */
export function npmSettings(has: (path: string) => boolean = isThere): string | undefined {
  if (has('/usr/share/nodejs/npm/package.json') && !has('/usr/local/bin/node')) {
    // Debian's own npm.
    return '/etc/npmrc';
  }
  const folder = systemPath.split(':').find((each) => has(join(each, 'node')));
  return folder === undefined ? undefined : join(folder, '../etc/npmrc');
}

function inSystem(program: string): boolean {
  return systemPath.split(':').some((folder) => isThere(join(folder, program)));
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    // It is not there, or not for everybody.
    return false;
  }
}
