import { asOwner } from '../discardScript';
import { lookSteps } from '../lookSteps';
import { changesPrelude } from '../scripts';

/** folder, name of what we keep, format, objects, commit → commits that it has, by lines */
export const commitsScript = `${changesPrelude}arg top; arg key; arg format; arg common; arg head; exec </dev/null
command -v git >/dev/null || die no_git
look; private "$common/objects" "$format" "$O/$key"
# Where a clone is shallow, its history ends there.
[ ! -f "$common/shallow" ] || limit head -c 1048576 -- "$common/shallow" > "$T/shallow"
# Where the history is cut off, it fails behind what is there.
limit "\${G[@]}" rev-list -n 5000 "$head" > "$T/commits" 2>/dev/null; late $?
[ -s "$T/commits" ] || die no_commit
cat -- "$T/commits"; printf '\\0'
# What windows have sent that ended before they could take it away.
find /tmp -maxdepth 1 -type f -name '.runloop-devboxes-*' -user "$EUID" -mmin +1440 -exec rm -f -- {} + 2>/dev/null
exit 0`;

/**
 * folder, name of what we keep, commit, tree, path of a pack, a blob of what the clone has had, a word for the state that was told or nothing.
 *
 * What is other in the tree than in the commit is made other in the working tree. Without a word → one for the state, then a letter
 * and a name for each: `A` is made, `W` is written over, `D` is deleted, `M` is merged with what was changed in the devbox, `S` is
 * here as it is sent, `C` was changed in the devbox in the same places, `B` has something else in its place there or on the way to it, `-` stays: a submodule, or a file that passes a filter. With it → nothing.
 */
export const sendScript = asOwner(
  `${changesPrelude}arg top; arg key; arg base; arg tree; arg file; arg had; arg told; exec </dev/null
most=5242880
locate; look
# One at a time: where not all can be written, what another one has written would be taken back.
if [ -n "$told" ] && command -v flock >/dev/null; then exec {held}> "$O/sending" && flock -w "$seconds" "$held" || die late; fi
dir=\${index%/*}
for f in MERGE_HEAD CHERRY_PICK_HEAD REVERT_HEAD rebase-merge rebase-apply sequencer; do [ ! -e "$dir/$f" ] || die send_busy; done
${lookSteps}
[ -n "$head" ] || die no_commit
! grep -qaz '^u ' "$T/status" || die send_busy
[ -f "$file" ] && [ -r "$file" ] && run index-pack --stdin < "$file" >/dev/null 2>"$T/said" || die send_broken
run diff-tree -r -z --raw --no-renames --abbrev=64 "$base" "$tree" > "$T/raw" 2>/dev/null || die send_broken
declare -A pre post now sent based filtered
# Filters are programs: what passes one, here or there, is not the file that is here.
filters() {
  while IFS= read -r -d '' f && IFS= read -r -d '' r && IFS= read -r -d '' r; do
    case $r in unspecified|unset|set|'') ;; *) filtered["x$f"]=1 ;; esac
  done
}
GIT_INDEX_FILE=$T/sent.index run read-tree "$tree" 2>"$T/said" || die send_broken
run diff-tree -r -z --name-only --no-renames "$base" "$tree" > "$T/names" 2>/dev/null
filters < <(GIT_INDEX_FILE=$T/sent.index run check-attr --cached -z --stdin filter < "$T/names" 2>/dev/null)
filters < <(run check-attr -z --stdin filter < "$T/names" 2>/dev/null)
blocked() { # whether something else than a file or a link is where a file goes, or on the way there
  local rest=$1 on=.
  while [[ $rest == */* ]]; do
    on=$on/\${rest%%/*} rest=\${rest#*/}
    [ ! -L "$on" ] || return 0
    [ -d "$on" ] || { [ -e "$on" ]; return; }
  done
  [ ! -L "$on/$rest" ] || return 1
  [ -e "$on/$rest" ] && [ ! -f "$on/$rest" ]
}
: > "$T/paths"; : > "$T/told"; : > "$T/all"
while IFS= read -r -d '' r && IFS= read -r -d '' f; do
  read -r m1 m2 h1 h2 x <<< "\${r#:}"
  case "$m1 $m2" in *160000*) printf '%s\\0' "-$f" >> "$T/told"; continue ;; esac
  if [ -n "\${filtered["x$f"]}" ]; then printf '%s\\0' "-$f" >> "$T/told"; continue; fi
  if blocked "$f"; then printf '%s\\0' "B$f" >> "$T/told"; continue; fi
  pre["x$f"]="$m1 $h1" now["x$f"]="$m1 $h1" post["x$f"]="$m2 $h2"
  printf '%s\\0' "$f" >> "$T/all"
done < "$T/raw"
# What was sent before is ours to write over, and to take back where the clone has it no more.
if [ -f "$S/sent" ] && [ ! -L "$S/sent" ]; then
  while IFS= read -r -d '' r; do
    sent["x$r"]=1; f=\${r#* }; f=\${f#* }
    [ -z "\${post["x$f"]}" ] && ! blocked "$f" || continue
    r=; IFS= read -r -d '' r < <(GIT_LITERAL_PATHSPECS=1 run ls-tree -z --full-tree "$base" -- "$f" 2>/dev/null)
    read -r m1 x h1 <<< "\${r%%$'\\t'*}"; [ "$x" = blob ] || m1=000000 h1=$(printf '%s' "$base" | tr 0-9a-f 0)
    pre["x$f"]="$m1 $h1" now["x$f"]="$m1 $h1" post["x$f"]="$m1 $h1"
    printf '%s\\0' "$f" >> "$T/all"
  done < <(tail -z -n 20000 -- "$S/sent")
fi
# What the clone has had itself, it went on from: nobody has changed it here since it was brought there.
run cat-file blob "$had" > "$T/had" 2>/dev/null || die send_broken
while IFS= read -r -d '' r; do sent["x$r"]=1; done < "$T/had"
# What was put together with something here is not: it is what the clone had then that both go on from.
if [ -f "$S/merged" ] && [ ! -L "$S/merged" ]; then
  while IFS= read -r -d '' r; do based["x\${r#* }"]=\${r%% *}; done < <(tail -z -n 20000 -- "$S/merged")
fi
export GIT_INDEX_FILE=$T/now
if [ -f "$T/index" ]; then cp -p -- "$T/index" "$T/now"; else run read-tree --empty; fi
run update-index --add --remove --replace -z --stdin < "$T/all" >/dev/null 2>"$T/said" || die unreadable
run diff-index --cached --raw -z --no-renames --abbrev=64 "$base" -- > "$T/raw" 2>/dev/null || die unreadable
while IFS= read -r -d '' r && IFS= read -r -d '' f; do
  [ -n "\${now["x$f"]}" ] || continue
  read -r x m2 x h2 x <<< "\${r#:}"; now["x$f"]="$m2 $h2"
done < "$T/raw"
merged() { # both changed a file: puts together what does not meet
  local side m0 h0 m1 h1 m2 h2
  read -r m0 h0 <<< "\${now["x$f"]}"; read -r m1 h1 <<< "\${pre["x$f"]}"; read -r m2 h2 <<< "\${post["x$f"]}"
  case "$m0 $m1 $m2" in *120000*|*000000*) return 1 ;; esac
  h1=\${based["x\${now["x$f"]} $f"]:-$h1}
  for side in 0 1 2; do
    local id=h$side size; size=$(run cat-file -s "\${!id}" 2>/dev/null) && [ "$size" -le "$most" ] || return 1
    run cat-file blob "\${!id}" > "$T/side$side" 2>/dev/null || return 1
  done
  run merge-file -p -q "$T/side0" "$T/side1" "$T/side2" > "$T/both" 2>/dev/null || return 1
  h0=$(run hash-object -w --no-filters -- "$T/both") || return 1
  [ "$m1" = "$m2" ] || m0=$m2
  made="$m0 $h0"
}
for n in then ours both.ours written gone made back; do : > "$T/$n"; done
while IFS= read -r -d '' f; do
  made=\${post["x$f"]} letter=W
  if [ "\${now["x$f"]}" = "$made" ]; then printf '%s\\0' "S$f" >> "$T/told"; continue; fi
  if [ "\${pre["x$f"]}" = "$made" ] && [ -z "\${sent["x\${now["x$f"]} $f"]}" ]; then continue; fi
  if [ "\${now["x$f"]}" != "\${pre["x$f"]}" ] && [ -z "\${sent["x\${now["x$f"]} $f"]}" ]; then
    if ! merged; then printf '%s\\0' "C$f" >> "$T/told"; continue; fi
    letter=M
    # Both made the same of it.
    [ "\${now["x$f"]}" != "$made" ] || { printf '%s\\0' "S$f" >> "$T/told"; continue; }
  fi
  case $letter\${now["x$f"]} in W000000*) letter=A ;; esac
  case $made in 000000*) letter=D ;; esac
  printf '%s\\0' "$letter$f" >> "$T/told"
  printf '%s\\t%s\\0' "\${made/#000000/0}" "$f" >> "$T/then"
  if [ "$letter" = M ]; then printf '%s %s %s\\0' "\${post["x$f"]#* }" "$made" "$f" >> "$T/both.ours"; else printf '%s %s\\0' "$made" "$f" >> "$T/ours"; fi
  case $made in 000000*) n=gone ;; *) n=written ;; esac; printf '%s\\0' "$f" >> "$T/$n"
  case \${now["x$f"]} in 000000*) n=made ;; *) n=back ;; esac; printf '%s\\0' "$f" >> "$T/$n"
done < "$T/all"
cp -p -- "$T/now" "$T/was.index"
was=$(run write-tree --missing-ok 2>"$T/said") || die unreadable
run update-index --replace -z --index-info < "$T/then" 2>"$T/said" || die send_broken
will=$(run write-tree --missing-ok 2>"$T/said") || die send_broken
run diff-tree -p --binary --full-index --no-renames --no-ext-diff --no-textconv "$was" "$will" -- > "$T/patch" 2>/dev/null || die send_broken
room
state=$(cat -- "$T/told" "$T/patch" | sha256sum); state=\${state%% *}
if [ -z "$told" ]; then printf '%s\\0' "$state"; cat -- "$T/told"; exit 0; fi
[ "$told" = "$state" ] || die send_moved
[ -s "$T/patch" ] || exit 0
umask 022
A=(apply --whitespace=nowarn -p1)
limit "\${G[@]}" "\${A[@]}" --check "$T/patch" 2>"$T/said" || die send_moved
# Names are exchanged, for files that are whole beside: whenever this ends, each is as it was, or as it is sent.
W=$T; [ "$(stat -c %d -- "$T")" = "$(stat -c %d .)" ] || {
  # Noted first: where this is killed, whoever looks next takes it away.
  W=$(mktemp -u "$here/.runloop-sending.XXXXXX") && mkdir -p -- "$S" && printf '%s\\0' "$W" >> "$S/beside" && mkdir -- "$W" || die send_unwritten
}
trap 'rm -rf -- "$T" "$W"; [ "$W" = "$T" ] || rm -f -- "$S/beside"' EXIT
mkdir -- "$W/after" "$W/before" && limit "\${G[@]}" checkout-index -f -z --stdin --prefix="$W/after/" < "$T/written" 2>"$T/said" || die send_unwritten
limit xargs -0 -r cp -lP --parents -t "$W/before" -- < "$T/back" 2>/dev/null ||
  { rm -rf -- "$W/before" && mkdir -- "$W/before" && limit xargs -0 -r cp -pP --parents -t "$W/before" -- < "$T/back" 2>"$T/said"; } || die send_unwritten
# What is of ours can be sent again, though not all of it came to be.
mkdir -p -- "$S/objects" && cut -z -d ' ' -f 1 "$T/both.ours" | while IFS= read -r -d '' h; do
  limit "\${G[@]}" cat-file blob "$h" | GIT_OBJECT_DIRECTORY="$S/objects" git hash-object -w --no-filters --stdin >/dev/null || exit 1
done && cat -- "$T/ours" >> "$S/sent" && cat -- "$T/both.ours" >> "$S/merged" || die send_broken
limit "\${G[@]}" "\${A[@]}" --check "$T/patch" 2>"$T/said" || die send_moved
place() { # the files in $1 that have the names in $2, folder by folder
  local f d last= names=()
  while IFS= read -r -d '' f; do
    d=./$f; d=\${d%/*}; ! blocked "$f" && [ -e "$1/$f" -o -L "$1/$f" ] || return 1
    if [ "$d" != "$last" ] || [ "\${#names[@]}" = 200 ]; then
      [ "\${#names[@]}" = 0 ] || mv -f -t "$last" -- "\${names[@]}" || return 1
      names=() last=$d; mkdir -p -- "$d" || return 1
    fi
    names+=("$1/$f")
  done < "$2"
  [ "\${#names[@]}" = 0 ] || mv -f -t "$last" -- "\${names[@]}"
}
gone() { # takes away the files with the names in $1
  local f
  while IFS= read -r -d '' f; do
    rm -f -- "./$f" || { [ ! -e "$f" ] && [ ! -L "$f" ]; } || return 1
  done < "$1"
}
if { place "$W/after" "$T/written" && gone "$T/gone"; } 2>"$T/said"; then
  # As git does, with the folders that are empty by it.
  while IFS= read -r -d '' f; do
    case $f in */*) rmdir -p --ignore-fail-on-non-empty -- "\${f%/*}" 2>/dev/null ;; esac
  done < "$T/gone"
  exit 0
fi
while IFS= read -r -d '' f; do
  [ "$(stat -c %i -- "./$f" 2>/dev/null)" = "$(stat -c %i -- "$W/before/$f")" ] || printf '%s\\0' "$f"
done < "$T/back" > "$T/other"
{ place "$W/before" "$T/other" && gone "$T/made"; } 2>"$T/said" || die send_partly
die send_unwritten`,
  'send_not_owner',
);

/** path of a pack → nothing, there or not */
export const discardSentScript = `${changesPrelude}arg file; exec </dev/null
case $file in /tmp/.runloop-devboxes-*/*) ;; /tmp/.runloop-devboxes-*) rm -f -- "$file" ;; esac
exit 0`;
