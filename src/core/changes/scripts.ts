import { largeSteps } from './filesSteps';
import { folderSteps, mostComparedFiles } from './folderSteps';
import { lookSteps } from './lookSteps';

/** Places of repositories that are looked into. */
const mostPlaces = 300;
/** Worktrees of one of them. */
const mostWorktrees = 50;

/*
 * What runs in the devbox. Arguments come by standard input, each ended by NUL. A repository may be hostile: git is run in a
 * private git directory with a configuration of our own, a copy of the index and the repository's objects as alternates, so
 * that nothing which the repository or its user configures counts. Every step has a time limit: a FIFO in one of git's places
 * would hold it for ever.
 */

/** Takes what leads on from the folder that one is in out of the search path: a repository's own programs are none that are meant. */
export const absolutePath = `IFS=: read -r -d '' -a paths <<< "$PATH:"; PATH=
for v in "\${paths[@]}"; do case $v in /*) PATH=$PATH\${PATH:+:}$v ;; esac; done
`;

/** What every script begins with: an environment without git's variables, arguments, limits, our folder in the devbox. */
export const changesPrelude = `${absolutePath}LC_ALL=C; export LC_ALL; umask 077; since= apart= had= telling= T=
arg() { IFS= read -r -d '' "$1"; }
exec 9>&1
die() { case $1 in again|incomplete) [ -z "$T" ] || room ;; esac
  [ -z "$telling" ] || wait "$telling"; printf '%s\\0' "$1" >&9; exit 3; }
arg seconds
for v in $(compgen -e); do case $v in GIT_*) unset "$v" ;; esac; done
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1 GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0 \\
  GIT_NO_REPLACE_OBJECTS=1 GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL= GIT_PAGER=cat
if command -v timeout >/dev/null; then limit() { timeout -k 2 "$seconds" "$@"; }; else limit() { "$@"; }; fi
late() { case $1 in 124|137) die late ;; esac; }
Q=(git --no-pager -c core.fsmonitor=false -c core.hooksPath=/dev/null -c 'safe.directory=*' -c protocol.allow=never)
G=("\${Q[@]}" -c core.excludesFile= -c core.attributesFile=/dev/null -c gc.auto=0 -c maintenance.auto=false)
ours() { # makes our folder for a devbox: nobody else's, no link
  for d in /var/tmp /tmp "$HOME"; do
    [ -d "$d" ] && [ -w "$d" ] || continue
    O=$d/.runloop-devboxes-$EUID
    [ -d "$O" ] || mkdir -- "$O" 2>/dev/null
    if [ -d "$O" ] && [ ! -L "$O" ] && [ -O "$O" ]; then chmod 700 "$O"; break; fi
    O=
  done
  [ -n "$O" ] || die no_folder
  # Of looks that were broken off.
  ! compgen -G "$O/look.*" >/dev/null || find "$O" -maxdepth 1 -name 'look.*' -mmin +30 -exec rm -rf -- {} + 2>/dev/null
}
look() { ours; T=$O/look.$$.$EPOCHREALTIME.$RANDOM
  # Nobody else makes one there, and none that is there is taken.
  mkdir -- "$T" "$T/objects" "$T/objects/info" "$T/refs" "$T/info" || die no_folder
  HOME=$T XDG_CONFIG_HOME=$T; export HOME XDG_CONFIG_HOME
  trap 'rm -rf -- "$T"' EXIT; trap 'exit 130' HUP INT TERM PIPE; }
# Nothing that was written to $T so far was cut off for want of space.
room() { { printf '%65536s' '' > "$T/room"; } 2>/dev/null && rm -f -- "$T/room" || die no_folder; }
aside() { mv -T -- "$1" "$(mktemp -u -p "$T" old.XXXXXX)" 2>/dev/null; }
put() { # $1 in the place of $2, whatever other windows put there meanwhile; each time whole
  local i; for i in {1..20}; do mv -T -- "$1" "$2" 2>/dev/null && return; aside "$2"; done; false; }
# our git directory $T: objects of the repository ($1, its format $2), and those that we keep ($3)
private() {
  { printf '[core]\\nbare=false\\ncompression=1\\nfilemode=%s\\nautocrlf=%s\\n' "\${filemode:-true}" "\${crlf:-false}"
    [ "$2" = sha1 ] || printf 'repositoryformatversion=1\\n[extensions]\\nobjectformat=%s\\n' "$2"; } > "$T/config"
  printf 'ref: refs/heads/unborn\\n' > "$T/HEAD"
  : > "$T/objects/info/alternates"
  R=$1
  # By another name where git would take its own for something else.
  case $R in *[!a-zA-Z0-9/._-]*) ln -s -- "$R" "$T/repository" || die no_folder; R=$T/repository ;; esac
  [ -z "$R" ] || printf '%s\\n' "$R" > "$T/objects/info/alternates"
  for d in "$3/objects" "$3/turn/objects" "$3/folder/objects" "$3/folder/turn/objects"; do [ ! -d "$d" ] || printf '%s\\n' "$d" >> "$T/objects/info/alternates"; done
  export GIT_DIR="$T"
}
outside() { ( unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY; limit "$@" ); }
# where a repository is, and what is checked out there: $top is its folder
locate() {
  cd -- "$top" 2>/dev/null || die gone
  command -v git >/dev/null || die no_git
  here=$(pwd -P && echo x); here=\${here%??}
  ask() { said=$(outside "\${Q[@]}" "$@" 2>/dev/null && echo x); code=$?; late "$code"; said=\${said%??}; [ "$code" = 0 ]; }
  head= branch=
  # All at once, unless a name has more than one line, or there is no commit.
  if ask rev-parse --show-toplevel --git-common-dir --git-path index --show-object-format HEAD --symbolic-full-name HEAD &&
    mapfile -t places <<< "$said" && [ \${#places[@]} = 6 ] && [[ \${places[4]} =~ ^[0-9a-f]{40,64}$ && \${places[5]} =~ ^(refs/heads/.*|HEAD)$ ]]; then
    said=\${places[0]} common=\${places[1]} index=\${places[2]} format=\${places[3]} head=\${places[4]}
    case \${places[5]} in refs/heads/*) branch=\${places[5]#refs/heads/} ;; esac
  else
    if ask rev-parse -q --verify HEAD; then head=$said; fi
    if ask symbolic-ref -q --short HEAD; then branch=$said; fi
    ask rev-parse --git-common-dir || die no_repository; common=$said
    ask rev-parse --git-path index || die no_repository; index=$said
    if ask rev-parse --show-object-format; then format=$said; else format=sha1; fi
    ask rev-parse --show-toplevel || die no_repository
  fi
  [ "$said" = "$here" ] || die elsewhere
  case $common in /*) ;; *) common=$here/$common ;; esac
  case $index in /*) ;; *) index=$here/$index ;; esac
  case $format in sha1|sha256) ;; *) die no_repository ;; esac
}
# files of our git directory: the names and sizes of all, then their bytes. Those whose hashes are in $had are known to whoever
# looks, and what they know of the lines of files they tell by the hash of that.
sections() {
  local n at=$# facts whole=()
  mapfile -t facts < <(cd -- "$T" && stat -c %s -- "$@" && { [ -z "$had" ] || sha256sum -- "$@"; })
  for n; do
    case "$had " in
      ' ') printf '%s %s\\0' "$n" "\${facts[at - $#]}"; whole+=("$T/$n") ;;
      *" $n:\${facts[at]%% *} "*) printf '%s =\\0' "$n" ;;
      *) if [ "$n" = known ]; then printf '%s =%s\\0' "$n" "\${facts[at]%% *}"
        else printf '%s %s\\0' "$n" "\${facts[at - $#]}"; whole+=("$T/$n"); fi ;;
    esac
    at=$((at + 1))
  done
  printf '\\0'
  [ "\${#whole[@]}" = 0 ] || cat -- "\${whole[@]}"
}
`;

/**
 * Folder, a name for what we keep of the devbox → the folders of repositories in it, below it and around it, and of their
 * worktrees; then how many more there are, with a `+` where the search took too long. Where the folder itself is in none: `plain`,
 * or `noted` where it was looked at before, and its own path.
 */
export const findScript = `${changesPrelude}arg root; arg key; exec </dev/null
cd -- "$root" 2>/dev/null || die gone
command -v git >/dev/null || die no_git
here=$(pwd -P && echo x); here=\${here%??}
above=$here kind=plain
while [ -n "$above" ]; do
  above=\${above%/*}
  if [ -e "$above/.git" ] && outside "\${Q[@]}" -C "$above/" rev-parse --git-dir >/dev/null 2>&1; then printf '%s\\0' "\${above:-/}"; kind=; fi
done
[ ! -e "$here/.git" ] && [ ! -L "$here/.git" ] || kind=
# The nearest first, so that what one begins with is among those that are taken.
places() { seconds=$1; shift; limit find "$here" -xdev "$@" \\( -path /proc -o -path /sys -o -path /dev -o -name node_modules \\) -prune -o \\
  -name .git \\( -type d -o -type f -o -type l \\) -printf '%d %h\\0' -prune 2>/dev/null; }
mapfile -d '' -t all < <({ places 12; case $? in 124|137) printf -- '-1 late\\0'; places 6 -maxdepth 4 ;; esac; } | sort -zu -k1,1n -k2)
late=; if [ "\${all[0]-}" = '-1 late' ]; then late=+; all=("\${all[@]:1}"); fi
left=0
for top in "\${all[@]:0:${mostPlaces}}"; do
  top=\${top#* }; printf '%s\\0' "\${top:-/}"
  [ -d "$top/.git/worktrees" ] || continue
  notes=("$top"/.git/worktrees/*/gitdir); left=$((left + (\${#notes[@]} > ${mostWorktrees} ? \${#notes[@]} - ${mostWorktrees} : 0)))
  for note in "\${notes[@]:0:${mostWorktrees}}"; do
    [ -f "$note" ] || continue
    place=$(limit head -c 5000 -- "$note"; echo x); place=\${place%??}
    case $place in /*/.git) [ -f "$place" ] && printf '%s\\0' "\${place%/.git}" ;; esac
  done
done
printf '%s%s\\0' "$((left + (\${#all[@]} > ${mostPlaces} ? \${#all[@]} - ${mostPlaces} : 0)))" "$late"
[ -n "$kind" ] || exit 0
note=$key/$(printf %s "$here" | sha256sum | head -c 20)/folder/at
for d in /var/tmp /tmp "$HOME"; do
  o=$d/.runloop-devboxes-$EUID
  if [ -O "$o" ] && [ -f "$o/$note" ]; then kind=noted; fi
done
printf '%s\\0' "$kind" "$here"
exit 0`;

/**
 * folder, a name for what we keep of it, bytes of which a file is kept, what for, the time up to which hashes are known or nothing,
 * names and hashes of the sections that are known
 * → sections: see `changesReport.ts`; then such a time for the next look. What the folder held is kept at the first look. For
 * `head`, `start` or `turn` instead → a patch against that;
 * for `note` → nothing, and what the folder holds is kept as the beginning of a turn, in place of the one before.
 */
export const readScript = `${changesPrelude}arg top; arg key; arg most; arg patch; arg since; arg had; exec </dev/null
locate; home=$(cd 2>/dev/null && pwd -P); look; allowed=$most apart=1
# What is kept is kept with all hashes.
case $patch$since in *[!0-9]*) since= ;; esac
[ -z "$patch" ] || apart=
[ -f "$O/$key/start" ] || { [ "$format" = sha1 ] && [ -f "$O/$key/folder/at" ]; } || since=
[ -n "$since" ] || had=
${lookSteps}# What was noted of the folder before it was a repository is its start. Of other hashes nothing can be compared.
F=$S/folder; [ "$format" = sha1 ] || [ -f "$S/start" ] || rm -rf -- "$S"
keep() { # what is here now, as a tree among objects of ours
  [ ! -s "$T/known" ] || die again
  room
  N=$T/keep; mkdir -p "$N/objects/info"; cp -- "$T/objects/info/alternates" "$N/objects/info/"
  cat -- "$T/files" > "$T/all"; [ -z "$apart" ] || hashed_files >> "$T/all"
  ( export GIT_OBJECT_DIRECTORY="$N/objects" GIT_INDEX_FILE="$T/keep.index"
    [ ! -f "$T/index" ] || cp -- "$T/index" "$GIT_INDEX_FILE" || exit 1
    zero=$(printf '%s' "\${head:-$(printf '' | git hash-object --stdin)}" | tr '0-9a-f' 0)
    [ ! -s "$T/ids" ] || cut -d / -f 2- "$T/missed" | limit git hash-object -w --no-filters --stdin-paths >/dev/null || exit 1
    { limit "\${G[@]}" diff-files -z --name-only --ignore-submodules=dirty | while IFS= read -r -d '' f; do printf '0 %s\\t%s\\0' "$zero" "$f"; done
      while IFS= read -r -d '' facts && IFS= read -r -d '' f; do
        read -r kind id mode rest <<< "$facts"
        case $kind in
          link) text=$(readlink -n -- "$f"; echo x); printf '120000 %s\\t%s\\0' "$(printf '%s' "\${text%x}" | git hash-object -w --no-filters --stdin)" "$f" ;;
          hash|large)
            case $f in *$'\\n'*|*$'\\r'|\\"*) git hash-object -w --no-filters -- "./$f" >/dev/null ;; esac
            if [ "$kind" = large ]; then
              large_text "$rest" | git hash-object -w --stdin >/dev/null
              case $f in *$'\\n'*) ;; *) printf '%s/%s\\n' "$id" "$f" >> "$N/large" ;; esac
            fi
            bits=100644; [ $((0$mode & 0100)) = 0 ] || [ "$filemode" = false ] || bits=100755
            printf '%s %s\\t%s\\0' "$bits" "$id" "$f" ;;
          sub) case $f in */) ;; *) [ -z "$id" ] || printf '160000 %s\\t%s\\0' "$id" "$f" ;; esac ;;
        esac
      done < "$T/all"; } | limit "\${G[@]}" update-index -z --index-info || exit 1
    limit "\${G[@]}" write-tree --missing-ok ) > "$N/tree" 2>"$T/said"
}
hold() { # what the repository has of that tree beside its commit, too: it may clear away what no commit has
  local tree; read -r tree < "$N/tree"; mkdir -p "$N/objects/pack"
  { printf '%s\\n' "$tree"; [ -z "$head" ] || printf '^%s^{tree}\\n' "$head"; } | GIT_OBJECT_DIRECTORY="$N/objects" \\
    limit "\${G[@]}" pack-objects -q --revs --missing=allow-any --window=0 "$N/objects/pack/pack" >/dev/null 2>&1 || return 0
  rm -rf -- "$N/objects"/[0-9a-f][0-9a-f]
}
${largeSteps}if [ -n "$patch" ] && [ "$patch" != note ]; then
  [ -z "$(grep -az -m 1 '^large ' "$T/files" | tr -d '\\0' | head -c 5)" ] || die patch_large
  case $patch in start) read -r from rest < "$S/start" ;; turn) read -r from rest < "$S/turn/note" ;; *) from=$head ;; esac
  keep && [ -s "$T/keep/tree" ] || die again
  # What git takes for no name, as ".GIT", it passes over.
  ! grep -qa '^Ignoring path ' "$T/said" || die patch_names
  export GIT_OBJECT_DIRECTORY="$T/keep/objects"
  [ -n "$from" ] || from=$(limit "\${G[@]}" mktree </dev/null)
  limit "\${G[@]}" diff-tree -p --binary --full-index -M --no-ext-diff --no-textconv "$from" "$(cat "$T/keep/tree")" -- > "$T/patch" 2>/dev/null
  code=$?; late "$code"; [ "$code" = 0 ] || die patch_incomplete
  [ "$(wc -c < "$T/patch")" -le 48000000 ] || die patch_large
  cat -- "$T/patch"
  exit 0
fi
if [ ! -f "$S/start" ] && [ ! -f "$F/at" ]; then
  if keep && [ -s "$N/tree" ]; then
    hold; note_whole
    printf '%s %s %s\\n' "$(cat "$N/tree")" "\${head:--}" "$(date +%s)" > "$N/start"
    rm -f -- "$N/tree" "$N/objects/info/alternates"
    mkdir -p -- "\${S%/*}" && mv -T -- "$N" "$S" 2>/dev/null
    [ ! -d "$S/objects" ] || printf '%s\\n' "$R" "$S/objects" > "$T/objects/info/alternates"
  fi
fi
if [ "$patch" = note ]; then
  [ -f "$S/start" ] || [ -f "$F/at" ] || die no_folder
  # Of the turn before nothing is used: what it alone has would be missing with it.
  aside "$S/turn"; aside "$F/turn"
  printf '%s\\n' "$R" "$S/objects" > "$T/objects/info/alternates"
  keep && [ -s "$N/tree" ] || die again
  hold; note_whole
  printf '%s %s %s\\n' "$(cat "$N/tree")" "\${head:--}" "$(date +%s)" > "$N/note"
  rm -f -- "$N/tree" "$N/objects/info/alternates"
  put "$N" "$S/turn" || die no_folder
  exit 0
fi
against() { # what differs from a tree that is kept, by its note $1, into $2
  tree= base= at=; if [ -f "$S/$1" ]; then read -r tree base at < "$S/$1"; fi
  : > "$2"
  case $tree in ''|*[!0-9a-f]*) tree= ;; *)
    limit "\${G[@]}" diff-index --cached --raw -z -M -l2000 --abbrev=64 "$tree" -- > "$2" 2>/dev/null; code=$?
    if [ "$code" = 0 ]; then known_whole "$S/$1" "$2"; else : > "$2"; tree=; fi ;;
  esac
  printf '%s\\0' "$tree" "\${base#-}" "$at"
}
since_folder() ( # the same from before it was a repository
  T=$T/folder most=$allowed; mkdir "$T"; : > "$T/files"; : > "$T/status"
  exec 9>/dev/null
${folderSteps}  scan "$T/now" ${mostComparedFiles} 99999999999 && differ "$F" "$T/since"
)
since_start() {
  [ -f "$F/at" ] && [ ! -f "$S/start" ] || { against start "$T/since"; return; }
  since_folder; code=$?
  [ "$code" != 3 ] || die again
  if [ "$code" = 0 ]; then
    mv -- "$T/folder/since" "$T/since"; cat "$T/files" >> "$T/folder/files"; mv -- "$T/folder/files" "$T/files"
    printf '%s\\0' folder '' "$(cat "$F/at")"
  else : > "$T/since"; printf '%s\\0' '' '' ''; fi
}
{ printf '%s\\0' "$head" "$branch" "$format" "$common" "$filemode"; since_start; against turn/note "$T/turn"; } > "$T/facts"
if [ -s "$T/below" ]; then
  [ ! -f "$S/start" ] || gone_below "$T/since"
  gone_below "$T/turn"
fi
known_large "$S"; known_large "$S/turn"
wait "$telling"
room
sections facts files since turn hidden filters known missed ids
printf 'end\\0'
# What was changed in these seconds may be changed again without another time.
printf %s "$((began - 2))"
exit 0`;

/** folder, name of what we keep, format, objects, id of a blob, bytes that are read of it → a word, its bytes */
export const blobScript = `${changesPrelude}arg top; arg key; arg format; arg common; arg id; arg most; exec </dev/null
command -v git >/dev/null || die no_git
look; S=$O/$key; private "\${common:+$common/objects}" "$format" "$S"
size=$(limit "\${G[@]}" cat-file -s "$id" 2>/dev/null); code=$?; late "$code"
[ "$code" = 0 ] || die missing
[ "$size" -le "$most" ] || die "large $size"
printf 'ok\\0'; limit "\${G[@]}" cat-file blob "$id" 2>/dev/null || exit 4
exit 0`;

/** folder, name in it, bytes that are read of it → a word, its bytes */
export const workScript = `${changesPrelude}arg top; arg f; arg most; exec </dev/null
cd -- "$top" 2>/dev/null || die gone
f=./$f
if [ -L "$f" ]; then printf 'link\\0'; readlink -n -- "$f"; exit 0; fi
[ -e "$f" ] || die missing
[ -f "$f" ] || die special
[ -r "$f" ] || die denied
size=$(stat -c %s -- "$f") || die missing
[ "$size" -le "$most" ] || die "large $size"
printf 'ok\\0'; limit head -c "$((most + 1))" -- "$f"
exit 0`;
