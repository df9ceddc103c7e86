import { quote } from '../../ground/shellWords';
import { lookSteps } from './lookSteps';
import { absolutePath, changesPrelude } from './scripts';

/*
 * `git stash` reads a repository's configuration, whose filters have names of its own choice and can change while they are
 * overridden. So the stash is made by hand: in our private git directory, with the repository's objects as the place to write to.
 * Of its own git only one command runs, without hooks, which moves `refs/stash`.
 */

/** As whom what is given runs: the owner of the repository, so that no file becomes another's, and no link leads further than that. */
export const asOwner = (
  script: string,
  refusal = 'discard_not_owner',
): string => `${absolutePath}script=${quote(script)}
IFS= read -r -d '' seconds; IFS= read -r -d '' top
owner=$(stat -c '%u %g' -- "$top/.git" 2>/dev/null); again() { printf '%s\\0' "$seconds" "$top"; cat; }
go() { again | "$@" bash -c "$script"; exit "\${PIPESTATUS[1]}"; }
if [ -z "$owner" ] || [ "\${owner% *}" = "$(id -u)" ]; then go env; fi
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then go setpriv --reuid="\${owner% *}" --regid="\${owner#* }" --clear-groups; fi
printf '${refusal}\\0'; exit 3`;

/**
 * The same of what looks (folder and name of what we keep come first): what it keeps is then found by what puts files back. Root looks
 * itself where it has kept the start before, where the owner cannot come to the folder, or nobody can become the owner.
 */
export const lookAsOwner = (script: string): string => `script=${quote(script)}
if [ "$EUID" = 0 ]; then
${absolutePath}IFS= read -r -d '' seconds; IFS= read -r -d '' top; IFS= read -r -d '' key
again() { printf '%s\\0' "$seconds" "$top" "$key"; cat; }
owner=$(stat -c '%u %g' -- "$top/.git" 2>/dev/null)
become=(setpriv --reuid="\${owner% *}" --regid="\${owner#* }" --clear-groups)
case $owner in ''|'0 '*) ;; *)
  kept=/var/tmp/.runloop-devboxes-0/$key
  if [ ! -e "$kept/start" ] && [ ! -e "$kept/folder/at" ] && command -v setpriv >/dev/null &&
    "\${become[@]}" bash -c 'cd -- "$1" && [ -r . ]' bash "$top" 2>/dev/null </dev/null; then
    again | "\${become[@]}" bash -c "$script"; exit "\${PIPESTATUS[1]}"
  fi ;;
esac
exec < <(again)
fi
eval "$script"`;

/**
 * folder, a word for the state that was told or nothing, `turn` or nothing for the last commit, a name for what we keep of the
 * folder, names that are meant or none for all.
 *
 * Without a word → one for the state, then a letter and a name for each change: `U` is in no commit and no index, `A` in no commit,
 * `D` is not there, `M` is other; `-` stays as it is. With it → the commit of the stash that keeps what was discarded.
 */
export const discardScript = asOwner(`${changesPrelude}arg top; arg told; arg to; arg key
declare -A only left known kept done
meant=0 names=(); while IFS= read -r -d '' f; do only["x$f"]=1; names+=("$f"); meant=$((meant + 1)); done
exec </dev/null
most=5242880
locate; look
dir=\${index%/*} lock= stored=
[ ! -L "$index" ] || die elsewhere
busy() { for f in MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD rebase-merge rebase-apply sequencer; do [ ! -e "$dir/$f" ] || die discard_busy; done; }
busy
word=runloop-devboxes
stale() { # takes away a lock of ours which nobody holds: its devbox was stopped in the midst
  local held code
  [ -f "$index.lock" ] && [ ! -L "$index.lock" ] && command -v flock >/dev/null && [ "$(limit head -c 40 -- "$index.lock" | tr -d '\\0')" = "$word" ] || return 1
  { exec {held}< "$index.lock"; } 2>/dev/null || return 1
  flock -n "$held" && [ "/proc/$$/fd/$held" -ef "$index.lock" ] && rm -f -- "$index.lock"; code=$?
  exec {held}<&-; return "$code"
}
[ ! -e "$index.lock" ] && [ ! -L "$index.lock" ] || stale || die discard_locked
if [ -n "$told" ]; then
  # As git itself does: nobody writes the index meanwhile.
  ( umask 022; set -C; : > "$index.lock" ) 2>/dev/null || { [ -e "$index.lock" ] && die discard_locked; die discard_denied; }
  lock=$index.lock; trap 'rm -rf -- "$T"; [ -z "$lock" ] || rm -f -- "$lock"' EXIT
  if command -v flock >/dev/null; then exec {held}<> "$lock" && flock -n "$held" && printf '%s\\n' "$word" >&"$held"; fi
fi
${lookSteps}
[ -n "$head" ] || die discard_no_commit
! grep -qaz '^u ' "$T/status" || die discard_busy
turn=
if [ "$to" = turn ]; then
  [ ! -f "$S/turn/note" ] || read -r turn x < "$S/turn/note"
  case $turn in ''|*[!0-9a-f]*) die turn_unknown ;; esac
  [ "$meant" -gt 0 ] || die turn_unknown
fi
state=$({ printf '%s\\0' "$head" "$branch" "$meant" "$turn"; cat -- "$T/status" "$T/files" "$T/hidden"; } | sha256sum); state=\${state%% *}
[ -z "$told" ] || [ "$told" = "$state" ] || die discard_moved
busy
each() { # every change that is meant: calls $1 with $kind $meta $f $from set
  while IFS= read -r -d '' r; do
    from= f=$r kind=\${r%% *} meta=
    case $kind in '?') skip=1 ;; 1) skip=8 ;; 2) skip=9; IFS= read -r -d '' from ;; *) continue ;; esac
    while [ "$skip" -gt 0 ]; do f=\${f#* } skip=$((skip - 1)); done
    meta=\${r%"$f"}
    [ "$meant" = 0 ] || [ -n "\${only["x$f"]}" ] || continue
    "$1"
  done < "$T/status"
}
name() { printf '%s\\0' "$f"; [ -z "$from" ] || printf '%s\\0' "$from"; }
if [ -n "$turn" ]; then printf '%s\\0' "\${names[@]}" > "$T/names"; else each name > "$T/names"; fi
run check-attr -z --stdin filter < "$T/names" > "$T/filters" 2>/dev/null
while IFS= read -r -d '' f && IFS= read -r -d '' r && IFS= read -r -d '' r; do
  case $r in unspecified|unset|set|'') ;; *) left["x$f"]=1 ;; esac
done < "$T/filters"
while IFS= read -r -d '' f; do left["x$f"]=1; done < "$T/hidden"
zero=$(printf '%s' "$head" | tr 0-9a-f 0)
# The lines that a tree $1 has of what is meant.
lines_of() { printf '%s\\0' "\${names[@]}" | limit xargs -0 "\${G[@]}" ls-tree -z --full-tree "$1" -- 2>/dev/null; }
if [ -n "$turn" ]; then
  lines_of "$turn" > "$T/turn.lines" || die turn_unknown
  while IFS= read -r -d '' r; do
    read -r m t i <<< "\${r%%$'\\t'*}"; f=\${r#*$'\\t'}
    case $t in blob) kept["x$f"]=$i ;; commit) left["x$f"]=1 ;; esac
  done < "$T/turn.lines"
  # Of what was known by its size and time only there is no content to go back to.
  for f in "\${!kept[@]}"; do printf '%s\\n' "\${kept["$f"]}"; done | sort -u | limit "\${G[@]}" cat-file --batch-check 2>/dev/null > "$T/sizes"
  declare -A hollow
  while read -r i t s; do
    case $t in missing) die turn_unknown ;; esac
    [ "$s" -gt 130 ] || case $(limit "\${G[@]}" cat-file blob "$i" | head -c 28 | tr -d '\\0') in 'Not kept: known by its size '*) hollow[$i]=1 ;; esac
  done < "$T/sizes"
  for f in "\${!kept[@]}"; do [ -z "\${hollow[\${kept["$f"]}]}" ] || left["$f"]=1; done
fi
# Into lists: index lines of the last commit and of the index, names of what is in no commit, what is told.
plan() {
  read -r x xy sub mh mi mw hh hi x <<< "$meta"
  stays=; case $sub in S*) stays=1 ;; esac; case $f in */) stays=1 ;; esac
  if [ -n "\${left["x$f"]}" ]; then stays=1; elif [ -n "$from" ] && [ -n "\${left["x$from"]}" ]; then stays=1; fi
  if [ -e "$f" ] && [ ! -L "$f" ] && [ ! -d "$f" ]; then [ -f "$f" ] && [ -r "$f" ] || stays=1; fi
  done["x$f"]=1; [ -z "$from" ] || done["x$from"]=1
  if [ -n "$stays" ]; then left["x$f"]=1; printf '%s\\0' "-$f" >&3; return; fi
  if [ "$kind" = '?' ]; then printf '%s\\0' "$f" >&4; printf '0 %s\\t%s\\0' "$zero" "$f" >&5; tell U; return; fi
  [ -n "$from" ] || { printf '%s %s\\t%s\\0' "\${mh/#000000/0}" "$hh" "$f" >&6; }
  [ -z "$from" ] || { printf '0 %s\\t%s\\0%s %s\\t%s\\0' "$zero" "$f" "$mh" "$hh" "$from" >&6; printf '0 %s\\t%s\\0' "$zero" "$from" >&7; }
  printf '%s %s\\t%s\\0' "\${mi/#000000/0}" "$hi" "$f" >&7
  # What is behind a link by now is not there, for git.
  letter=M; if [ "$mw" = 000000 ]; then letter=D; printf '0 %s\\t%s\\0' "$zero" "$f"; else printf '%s\\0' "$f" >&8; fi
  [ -z "$from" ] || printf '0 %s\\t%s\\0' "$zero" "$from"
  [ "$mh" != 000000 ] && [ -z "$from" ] || [ "$letter" = D ] || letter=A
  tell "$letter"
  [ -z "$from" ] || printf '%s\\0' "=$from" >&3
}
tell() { # a letter for $f; on the way back to a turn by what was there then
  local letter=$1
  if [ -n "$turn" ]; then
    if [ -z "\${kept["x$f"]}" ]; then [ "$1" = U ] || letter=A; elif [ -e "$f" ] || [ -L "$f" ]; then letter=M; else letter=D; fi
  fi
  printf '%s\\0' "$letter$f" >&3
}
each plan > "$T/away" 3> "$T/told" 4> "$T/news" 5> "$T/gone" 6> "$T/was" 7> "$T/staged" 8> "$T/here"
# What is as it was committed by now, and was other before the turn.
if [ -n "$turn" ]; then
  for f in "\${names[@]}"; do
    [ -z "\${done["x$f"]}" ] || continue
    if [ -n "\${left["x$f"]}" ]; then printf '%s\\0' "-$f" >&3; else tell A; fi
  done 3>> "$T/told"
fi
room
if [ -z "$told" ]; then printf '%s\\0' "$state"; cat -- "$T/told"; exit 0; fi
# From here on the repository is written to, as git would.
umask 022
shared=; if ask config --get core.sharedRepository; then case $said in group|all|world|everybody|true|umask|0[0-7][0-7][0-7]) shared=$said ;; esac; fi
eol=native; if ask config --get core.eol; then case $said in lf|crlf) eol=$said ;; esac; fi
G+=(-c core.splitIndex=false -c core.untrackedCache=false -c "core.eol=$eol" -c "core.sharedRepository=\${shared:-umask}")
export GIT_OBJECT_DIRECTORY="$common/objects" GIT_AUTHOR_NAME=runloop GIT_AUTHOR_EMAIL=runloop@localhost \\
  GIT_COMMITTER_NAME=runloop GIT_COMMITTER_EMAIL=runloop@localhost
in_index() { export GIT_INDEX_FILE=$T/$1; }
must() { run "$@" 2>"$T/said" || die discard_not_kept; }
in_index new
if [ -f "$index" ]; then limit cp -p -- "$index" "$T/new"; else run read-tree --empty; fi
# What is here, with its times: git itself then finds out whether something is other when it is written over.
must update-index --replace -z --index-info < "$T/away"
cat -- "$T/here" "$T/news" | sort -zu > "$T/all"
must update-index --add --remove --replace -z --stdin < "$T/all"
tr '\\0\\n' '\\n\\0' < "$T/was" | cut -f 2- | tr '\\0\\n' '\\n\\0' > "$T/tracked"
now=$(must write-tree --missing-ok) || die discard_not_kept
run diff-index --cached --raw -z --no-renames --abbrev=64 "$head" -- > "$T/raw" 2>/dev/null || die discard_not_kept
while IFS= read -r -d '' f; do known["x$f"]=U; done < "$T/news"
# Also what was taken out of the index and is still here: git cannot give that back beside what it was.
while IFS= read -r -d '' f; do known["x$f"]=W; done < "$T/tracked"
: > "$T/work"; : > "$T/new.news"
while IFS= read -r -d '' r && IFS= read -r -d '' f; do
  read -r x mi x hi x <<< "$r"
  case \${known["x$f"]} in
    U) printf '%s %s\\t%s\\0' "$mi" "$hi" "$f" >> "$T/new.news" ;;
    W) printf '%s %s\\t%s\\0' "\${mi/#000000/0}" "$hi" "$f" >> "$T/work" ;;
  esac
done < "$T/raw"
tree_of() { in_index "$1"; [ -z "$2" ] || must read-tree "$2"; must update-index --replace -z --index-info < "$T/$3"; must write-tree --missing-ok; }
parents=(-p "$head")
tree=$(tree_of made.index "$head" staged) || die discard_not_kept
commit=$(printf 'index on %s\\n' "\${branch:-(no branch)}" | must commit-tree "$tree" -p "$head") || die discard_not_kept
parents+=(-p "$commit")
if [ -s "$T/new.news" ]; then
  tree=$(tree_of made.news '' new.news) || die discard_not_kept
  commit=$(printf 'untracked files on %s\\n' "\${branch:-(no branch)}" | must commit-tree "$tree") || die discard_not_kept
  parents+=(-p "$commit")
fi
tree=$(tree_of made.work "$head" work) || die discard_not_kept
message="On \${branch:-(no branch)}: $([ -n "$turn" ] && echo before going back || echo discarded) in the editor"
stash=$(printf '%s\\n' "$message" | must commit-tree "$tree" "\${parents[@]}") || die discard_not_kept
# What there will be. The objects of it must be there, and nothing in its way.
if [ -n "$turn" ]; then
  # Its objects are ours: what is made of them stays in our git directory.
  export GIT_OBJECT_DIRECTORY="$T/objects"
  run diff-tree -r --raw -z --no-renames --abbrev=64 "$now" "$turn" > "$T/raw" 2>/dev/null || die turn_unknown
  while IFS= read -r -d '' r && IFS= read -r -d '' f; do
    [ -n "\${only["x$f"]}" ] && [ -z "\${left["x$f"]}" ] || continue
    read -r x mi x hi x <<< "$r"; printf '%s %s\\t%s\\0' "\${mi/#000000/0}" "$hi" "$f"
  done < "$T/raw" > "$T/was"
  cp -- "$T/was" "$T/then"
else
  cat -- "$T/gone" "$T/was" > "$T/then"
fi
cp -p -- "$T/new" "$T/target"
then=$(tree_of target '' then) || die discard_not_kept
missing=$(tr '\\0\\n' '\\n\\0' < "$T/was" | sed -n 's/^1[0-9]* \\([0-9a-f]*\\)\\t.*/\\1/p' | limit "\${G[@]}" cat-file --batch-check 2>/dev/null | grep -c missing)
[ "$missing" = 0 ] || die discard_lost
room
in_index new
run read-tree -n -m -u "$now" "$then" >/dev/null 2>"$T/said" || die discard_in_the_way
old=$zero; if ask rev-parse -q --verify refs/stash; then old=$said; fi
outside "\${Q[@]}" update-ref --no-deref --create-reflog -m "$message" refs/stash "$stash" "$old" >/dev/null 2>&1 || die discard_not_kept
ask rev-parse -q --verify refs/stash && [ "$said" = "$stash" ] || die discard_not_kept
# Also where it takes too long: from here on there is a stash.
limit "\${G[@]}" read-tree -m -u "$now" "$then" >/dev/null 2>"$T/said" || die discard_partly
if [ -n "$turn" ]; then
  # As they were, whatever attributes make of them; and the index of them is that of the last commit.
  while IFS= read -r -d '' r; do
    f=\${r#*$'\\t'}; read -r m i <<< "\${r%%$'\\t'*}"
    printf '0 %s\\t%s\\0' "$zero" "$f"
    case $m in 100*) [ "$(limit git hash-object --no-filters -- "./$f" 2>/dev/null)" = "$i" ] || { [ ! -L "$f" ] && limit "\${G[@]}" cat-file blob "$i" > "./$f"; } || die discard_partly ;; esac
  done < "$T/then" > "$T/reset"
  tr '\\0\\n' '\\n\\0' < "$T/then" | cut -f 2- | tr '\\0\\n' '\\n\\0' > "$T/back"
  limit xargs -0 -r "\${G[@]}" ls-tree -z --full-tree "$head" -- < "$T/back" | grep -z -v '^040000 ' >> "$T/reset"
  run update-index --replace -z --index-info < "$T/reset" 2>"$T/said" || die discard_partly
  run update-index -q --refresh --ignore-submodules >/dev/null 2>&1
fi
cp -p -- "$T/new" "$lock" && { [ ! -f "$index" ] || chmod --reference="$index" -- "$lock"; } && mv -fT -- "$lock" "$index" || die discard_partly
lock=
[ -z "$turn" ] || : > "$T/all"
while IFS= read -r -d '' f; do
  { [ ! -e "$f" ] && [ ! -L "$f" ]; } || [ -d "$f" ] || [ -n "$(run ls-files -- ":(literal)$f" 2>/dev/null)" ] || die discard_partly
done < "$T/all"
printf '%s\\0' "$stash"
exit 0`);
