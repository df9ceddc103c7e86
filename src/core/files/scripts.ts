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
loops() { [ -L "$1" ] && [ ! -e "$1" ] && find -L "$1" -maxdepth 0 2>&1 >/dev/null | grep -q 'symbolic links$'; }
above() { d=\${1%/*}; [ -n "$d" ] || d=/; }
facts() { find "$1" -maxdepth 0 ${factsFormat}\\0' || exit 3
  if [ -L "$1" ]; then find -L "$1" -maxdepth 0 ${factsFormat}\\0' 2>/dev/null; fi; }
kept() { printf '%s/.runloop-kept-%s' "\${TMPDIR:-/tmp}" "$1"; }
token() { find "$1" -maxdepth 0 -printf '${tokenFormat}' 2>/dev/null; }
`;

/**
 * Keeps others who save from a folder (`$d`) until the script ends: between the last look at a file and its replacement, no two
 * windows are at once. It is the folder itself that is locked, so that nothing is left; what is in place also locks the folder for
 * temporary files, as hard links may be in other folders. Where it cannot be had in time, or at all, the script goes on.
 */
const lock = `locked() { [ ! -r "$2" ] || ! command -v flock >/dev/null || { eval "exec $1"'<"$2"' && flock -w "\${3:-30}" "$1"; }; }
lock() { locked 8 "$d" "\${1:-}"; }
lockAll() { lock "\${1:-}" || return 1; [ "$d" -ef "\${TMPDIR:-/tmp}" ] || locked 7 "\${TMPDIR:-/tmp}" "\${1:-}"; }
`;

/** Puts `$2` into the place of `$1`, which is kept until that is done under the name `$3`: {@link discardScript} knows it. */
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

/**
 * Says where the content of before is of a file whose save in place was ended half-way, and which no window takes back: nobody has
 * the lock. The file is known by its inode, which writing in place keeps. Without such files, no program is run.
 */
const aside = `aside() { local of=$1 node k; set -- "$(kept '')"*; is "$1" || return 0
  node=$(find -L "$of" -maxdepth 0 -type f -printf '%D.%i' 2>/dev/null) || return 0
  for k in "$(kept '')$node-"*; do
    case $k in *.in|*.new) continue;; esac
    [ -f "$k" ] && [ -O "$k" ] && ! cmp -s -- "$k.in" "$of" && ! cmp -s -- "$k" "$of" || continue
    if command -v flock >/dev/null; then (exec 9< "\${k%/*}" && flock -n 9) || return 0; fi
    printf 'aside\\0%s\\0' "$k"; return 0
  done; }
`;

/** Says of a file whether every user of the devbox may read it, with all folders above; nothing of one behind a link. */
const shared = `shared() { local d all=(); [ -f "$1" ] && [ ! -L "$1" ] || return 0
  d=$(cd -P -- "\${1%/*}/" 2>/dev/null && printf '%sx' "$PWD") || return 0; d=\${d%x}
  while [ -n "$d" ] && [ "$d" != / ]; do all+=("$d"); d=\${d%/*}; done
  [ -n "$(find "$1" / "\${all[@]}" -maxdepth 0 '(' -type d ! -perm -001 -o ! -type d ! -perm -004 ')' -printf x 2>&1)" ] || printf 'shared\\0'; }
`;

/** Takes away what was sent, with the folder that was made for it. */
const unsend = `unsend() { case $1 in /tmp/.runloop-sent-*/*) rm -rf -- "\${1%/*}";; *) rm -f -- "$1";; esac; }
`;

/**
 * path → facts, `shared` if every user may read it, and `aside` with a path if something of it was put aside. A link that leads to itself is refused, as the editor does
 * it with files of its computer; one that leads nowhere is told.
 */
export const statScript = `${prelude}${aside}${shared}arg t; if loops "$t"; then find -L "$t" -maxdepth 0 >/dev/null; exit 3; fi; facts "$t"; shared "$t"; aside "$t"; exit 0`;

/** → the home folder */
export const homeScript = `${prelude}printf '%s\\0' "\${HOME:-/}"`;

/** path → facts and name by turns, an empty field, the same of what links lead to. Without links, one program. */
export const listScript = `${prelude}arg t
cd -- "$t" || exit 3
exec 6>&1
mapfile -d '' -t links < <(find . -mindepth 1 -maxdepth 1 ${factsFormat}\\0%P\\0' -type l -fprint0 /dev/fd/5 5>&1 >&6)
wait $!; code=$?
printf '\\0'
for ((at = 0; at < \${#links[@]}; at += 1000)); do
  find -L "\${links[@]:at:1000}" -maxdepth 0 ${factsFormat}\\0%p\\0' 2>/dev/null
done
# What went meanwhile is no reason to give up; a find that cannot tell of anything is.
[ "$code" = 0 ] || { [ -r . ] && [ "$code" -lt 126 ] && find . -maxdepth 0 -printf '' 2>/dev/null; } || exit 3
exit 0`;

/** path → nothing */
export const createFolderScript = `${prelude}arg t; mkdir -- "$t" || exit 3`;

/** path, 1 for all that is in it → nothing */
export const deleteScript = `${prelude}arg t; arg all; need "$t"
if [ -d "$t" ] && [ ! -L "$t" ]; then
  if [ "$all" = 1 ]; then rm -rf -- "$t" || exit 3; else rmdir -- "$t" || exit 3; fi
else rm -f -- "$t" || exit 3; fi`;

/** from, to, 1 to replace, a word nobody else uses → nothing. A source that cannot be seen is missing, whatever the reason, as for the editor's own files; a link to itself gives no way to a folder there. */
export const renameScript = `${prelude}${replace}arg from; arg to; arg over; arg word; is "$from" && ! loops "$from" || die file_missing
if [ -d "$from" ] && [ ! -L "$from" ] && loops "$to"; then die file_not_folder; fi
above "$to"
replace "$to" "$from" "$d/.runloop-$word.old"; code=$?
[ "$code" = 0 ] || { [ "$code" = 2 ] && die file_exists; exit 3; }`;

/** from, to, 1 to replace, a word nobody else uses → nothing */
export const copyScript = `${prelude}${replace}arg from; arg to; arg over; arg word; is "$from" && ! loops "$from" || die file_missing
above "$to"; n=$d/.runloop-$word
if is "$to" && [ "$over" != 1 ]; then die file_exists; fi
cp -a -- "$from" "$n" || { rm -rf -- "$n"; exit 3; }
replace "$to" "$n" "$n.old"; code=$?
[ "$code" = 0 ] || { rm -rf -- "$n"; [ "$code" = 2 ] && die file_exists; exit 3; }`;

/**
 * path, where the content is (nothing: it comes behind the fields; z: packed), 1 to create, 1 to replace, the tokens of which it
 * must have one (`-`: any; `+`: it does not exist), a word nobody else uses, x for a new file that can be executed, p for one that nobody else may read → facts, `shared`, or `packed`
 * where nothing can unpack; where it fails, `back`, the token of before and facts if what was there was written back. `aside` is as with {@link statScript}. The content goes to a name beside the file and takes its place with its attributes; only where that
 * would change what the file is to others (hard links, another owner or a group that its user cannot give, a folder that cannot be
 * written, a mount) it is written in place, and what was there is kept until it is whole. What is left to programs that are not ours between
 * the last look and the rename are microseconds.
 */
export const writeScript = `${prelude}${lock}${aside}${shared}${unsend}arg o; arg up; arg create; arg over; arg want; arg word; arg mode
n=
[ "$up" != z ] || command -v gzip >/dev/null || { printf 'packed\\0'; exit 0; }
drop() { case $up in ''|z) ;; *) unsend "$up"
  # What windows have sent that ended before they could tell where it goes.
  find /tmp -maxdepth 1 '(' -type f -name '.runloop-devboxes-*' -o -type d -name '.runloop-sent-*' ')' -user "$EUID" -mmin +1440 -exec rm -rf -- {} + 2>/dev/null || true;; esac; }
content() { case $up in '') cat;; z) gzip -dc;; *) cat < "$up";; esac; }
made=
writeOver() { lockAll || true
  n=$(kept "$(find "$t" -maxdepth 0 -printf %D.%i)-$word"); (umask 077; content > "$n.in" && cat < "$t" > "$n.new" && mv -fT -- "$n.new" "$n") || { rm -f -- "$n.new"; stop; }
  rm -f -- "$made"
  same
  cat < "$n.in" > "$t" || { rm -f -- "$n.in"; if cat < "$n" > "$t"; then printf 'back\\0%s\\0' "$have"; (facts "$o"); else n=; fi; stop; }
  rm -f -- "$n" "$n.in"; }
stop() { [ -z "$n" ] || rm -f -- "$n" "$n.in" "$made"; drop; [ -z "\${1:-}" ] || die "$1"; exit 3; }
takes() { case " $want " in *" $1 "*) return 0;; esac; return 1; }
same() { have=$(token "$t"); takes - || takes "$have" || stop file_changed; }
alone() { local links group; read -r links group <<< "$(find "$t" -maxdepth 0 -printf '%n %G')"
  [ "$links" = 1 ] && [ -O "$t" ] && [ -w "$d" ] && { [ "$EUID" = 0 ] || case " \${GROUPS[*]} " in *" $group "*) ;; *) false;; esac; }; }
if loops "$o"; then find -L "$o" -maxdepth 0 >/dev/null; stop; fi
t=$(realpath -m -- "$o" && echo x) || stop
t=\${t%??}; above "$t"
if [ -e "$t" ]; then
  [ ! -d "$t" ] || stop file_is_folder
  [ -f "$t" ] || stop file_special
  [ "$over" = 1 ] || stop file_exists
  same
  if [ ! -w "$t" ]; then : >> "$t" || stop; stop file_denied; fi
  if alone; then
    n=$d/.runloop-$word
    # Until it has the rights of the file, nobody else may read it.
    umask 077; exec 9> "$n" && content >&9 || stop
    cp --attributes-only --preserve=mode,ownership,xattr -- "$t" "$n" 2>/dev/null || { chgrp --reference="$t" -- "$n" && chmod --reference="$t" -- "$n"; } || stop
    lock || true
    same
    # Who has given this up took it away: what is there by that name now was made by the line before, and is empty.
    [ /dev/fd/9 -ef "$n" ] || stop
    if ! why=$(mv -fT -- "$n" "$t" 2>&1); then
      # Something is mounted there, as containers have it of files in /etc.
      case $why in *': Device or resource busy') ;; *) printf '%s\\n' "$why" >&2; stop;; esac
      made=$n; content() { cat < "$made"; }; writeOver
    fi
  else writeOver; fi
else
  takes - || takes + || stop file_missing
  [ "$create" = 1 ] || stop file_missing
  n=$d/.runloop-$word
  case $mode in *p*) umask 077;; esac
  content > "$n" || stop
  case $mode in *x*) chmod +x -- "$n" || stop;; esac
  if ! ln -T -- "$n" "$t" 2>/dev/null; then
    if is "$t"; then stop file_exists; fi
    mv -nT -- "$n" "$t" || stop
    [ ! -e "$n" ] || stop file_exists
  fi
  rm -f -- "$n"
fi
drop
exec 7<&- 8<&-
facts "$o"; shared "$o"; aside "$o"; exit 0`;

/** where a content goes → nothing. Makes the folder of it, which only this user looks into: what comes by Runloop's files everybody may read. */
export const privateFolderScript = `${prelude}arg up; mkdir -m 700 -- "\${up%/*}" || exit 3`;

/** path, where the content goes → nothing. For names that cannot be told in JSON. */
export const exposeScript = `${prelude}arg t; arg up; umask 077
[ -f "$t" ] || die file_special
cat < "$t" > "$up" || { rm -f -- "$up"; exit 3; }`;

/**
 * path, where the content was (nothing: nowhere), the word → `undone` if it is certain that it was not done. After something that
 * was ended half-way: what it had begun goes, and what it had put aside or was writing over comes back. What still runs is waited for.
 */
export const discardScript = `${prelude}${lock}${unsend}arg o; arg up; arg word; undone=
[ -z "$up" ] || unsend "$up"
real=$(realpath -m -- "$o" && echo x) && real=\${real%??}
t=$real; above "$t"; lockAll 10 || exit 3
k=$(kept "$word"); for one in "$(kept '')"*"-$word"{,.in,.new}; do is "$one" && k=\${one%.in} && k=\${k%.new}; done; ! is "$k.in" || is "$k" || undone=1
# Only over what was written in part: by now it may be another's.
if [ -f "$k" ] && cmp -s -n "$(find "$real" -maxdepth 0 -printf %s)" -- "$k.in" "$real"; then cat < "$k" > "$real" || exit 3; undone=1; fi
rm -f -- "$k.new" "$k" "$k.in"
for t in "$real" "$o"; do
  above "$t"; n=$d/.runloop-$word
  if is "$n.old"; then if is "$t"; then rm -rf -- "$n.old"; else mv -nT -- "$n.old" "$t" && undone=1; fi; fi
  # One that has both names has been made.
  ! is "$n" || [ "$n" -ef "$t" ] || undone=1
  rm -rf -- "$n"
done
[ -z "$undone" ] || printf 'undone\\0'
exit 0`;
