import { factsFormat, tokenFormat } from './fileFacts';

/*
 * What runs in the devbox. Paths come by standard input, each ended by NUL, and are absolute. A script says fields ended by
 * NUL; where it fails, a word of `problems/files` is the last of them, or Linux has said why on standard error.
 */

const prelude = `LC_ALL=C; export LC_ALL
arg() { IFS= read -r -d '' "$1"; }
die() { printf '%s\\0' "$1"; exit 3; }
is() { [ -e "$1" ] || [ -L "$1" ]; }
need() { is "$1" || { find "$1" -maxdepth 0 >/dev/null || exit 3; }; }
above() { d=\${1%/*}; [ -n "$d" ] || d=/; }
facts() { find "$1" -maxdepth 0 ${factsFormat}\\0' || exit 3
  if [ -L "$1" ]; then find -L "$1" -maxdepth 0 ${factsFormat}\\0' 2>/dev/null; fi; }
token() { find "$1" -maxdepth 0 -printf '${tokenFormat}' 2>/dev/null; }
`;

/** Puts `$2` into the place of `$1`, which is kept until that is done; `$3` is a name for the time between. */
const replace = `replace() {
  if is "$1"; then
    [ "$over" = 1 ] || die file_exists
    if [ ! -d "$1" ] && [ ! -d "$2" ]; then mv -fT -- "$2" "$1" || return 1
    else mv -T -- "$1" "$3" || return 1
      if mv -nT -- "$2" "$1" && ! is "$2"; then rm -rf -- "$3"; else mv -T -- "$3" "$1"; return 1; fi
    fi
  else
    why=$(mv -nT -- "$2" "$1" 2>&1 || printf ' '); is "$2" || return 0
    [ -n "\${why% }" ] || return 2
    printf '%s\\n' "\${why% }" >&2; return 1
  fi; }
`;

/** path → facts */
export const statScript = `${prelude}arg t; facts "$t"; exit 0`;

/** → the home folder */
export const homeScript = `${prelude}printf '%s\\0' "\${HOME:-/}"`;

/** path → facts and name by turns, an empty field, the same of what links lead to */
export const listScript = `${prelude}arg t
cd -- "$t" || exit 3
find . -mindepth 1 -maxdepth 1 ${factsFormat}\\0%P\\0'; code=$?
printf '\\0'
find . -mindepth 1 -maxdepth 1 -type l -print0 | {
  mapfile -d '' -t links
  for ((at = 0; at < \${#links[@]}; at += 1000)); do
    find -L "\${links[@]:at:1000}" -maxdepth 0 ${factsFormat}\\0%p\\0' 2>/dev/null
  done; }
[ -r . ] || exit "$code"
exit 0`;

/** path → nothing */
export const createFolderScript = `${prelude}arg t; mkdir -- "$t" || exit 3`;

/** path, 1 for all that is in it → nothing */
export const deleteScript = `${prelude}arg t; arg all; need "$t"
if [ -d "$t" ] && [ ! -L "$t" ]; then
  if [ "$all" = 1 ]; then rm -rf -- "$t" || exit 3; else rmdir -- "$t" || exit 3; fi
else rm -f -- "$t" || exit 3; fi`;

/** from, to, 1 to replace, a word nobody else uses → nothing */
export const renameScript = `${prelude}${replace}arg from; arg to; arg over; arg word; need "$from"
above "$to"
replace "$to" "$from" "$d/.runloop-$word"; code=$?
[ "$code" = 0 ] || { [ "$code" = 2 ] && die file_exists; exit 3; }`;

/** from, to, 1 to replace, a word nobody else uses → nothing */
export const copyScript = `${prelude}${replace}arg from; arg to; arg over; arg word; need "$from"
above "$to"; n=$d/.runloop-$word
if is "$to" && [ "$over" != 1 ]; then die file_exists; fi
cp -a -- "$from" "$n" || { rm -rf -- "$n"; exit 3; }
replace "$to" "$n" "$n.old"; code=$?
[ "$code" = 0 ] || { rm -rf -- "$n"; [ "$code" = 2 ] && die file_exists; exit 3; }`;

/**
 * path, where the content is (nothing: it comes behind the fields), 1 to create, 1 to replace, the token it must have (`-`: any; nothing: it must not exist), a word
 * nobody else uses, x for a new file that can be executed → facts. The content goes to a name beside the file and takes its place with its attributes; only where
 * that would change what the file is to others (hard links, another owner, a folder that cannot be written) it is written in
 * place. What is left between the last look and the rename are microseconds.
 */
export const writeScript = `${prelude}arg o; arg up; arg create; arg over; arg want; arg word; arg mode
n=
drop() { [ -z "$up" ] || rm -f -- "$up"; }
content() { if [ -n "$up" ]; then cat < "$up"; else cat; fi; }
stop() { [ -z "$n" ] || rm -f -- "$n"; drop; [ -z "\${1:-}" ] || die "$1"; exit 3; }
same() { [ "$want" = - ] || [ "$(token "$t")" = "$want" ] || stop file_changed; }
t=$(realpath -m -- "$o" && echo x) || stop
t=\${t%??}; above "$t"
if [ -e "$t" ]; then
  [ ! -d "$t" ] || stop file_is_folder
  [ -f "$t" ] || stop file_special
  [ "$over" = 1 ] || stop file_exists
  [ -n "$want" ] || stop file_changed
  same
  if [ ! -w "$t" ]; then : >> "$t" || stop; stop file_denied; fi
  if [ "$(find "$t" -maxdepth 0 -printf %n)" = 1 ] && [ -O "$t" ] && [ -w "$d" ]; then
    n=$d/.runloop-$word
    content > "$n" || stop
    cp --attributes-only --preserve=mode,ownership,xattr -- "$t" "$n" 2>/dev/null || chmod --reference="$t" -- "$n" || stop
    same
    mv -fT -- "$n" "$t" || stop
  else content > "$t" || stop; fi
else
  [ "$want" = - ] || [ -z "$want" ] || stop file_missing
  [ "$create" = 1 ] || stop file_missing
  n=$d/.runloop-$word
  content > "$n" || stop
  [ "$mode" != x ] || chmod +x -- "$n" || stop
  if ! ln -T -- "$n" "$t" 2>/dev/null; then
    if is "$t"; then stop file_exists; fi
    mv -nT -- "$n" "$t" || stop
    [ ! -e "$n" ] || stop file_exists
  fi
  rm -f -- "$n"
fi
drop
facts "$o"; exit 0`;

/** path, where the content goes → nothing. For names that cannot be told in JSON. */
export const exposeScript = `${prelude}arg t; arg up; umask 077
[ -f "$t" ] || die file_special
cat < "$t" > "$up" || { rm -f -- "$up"; exit 3; }`;

/** path → nothing, there or not */
export const discardScript = `${prelude}arg t; rm -f -- "$t"`;
