import { filesSteps } from './filesSteps';

/** What both the reading and the discarding do in a repository that is located: its state, in files of our git directory. */
export const lookSteps = `S=$O/$key
beside() ( # takes away what a Send that was killed has left in the folder, and nothing of one that goes on
  if command -v flock >/dev/null; then exec 8> "$O/sending" && flock -n 8 || exit 0
  else [ -n "$(find "$S/beside" -mmin +30)" ] || exit 0; fi
  while IFS= read -r -d '' f; do
    case \${f#"$here"/} in .runloop-sending.*/*) ;; .runloop-sending.??????) [ -L "$f" ] || [ ! -O "$f" ] || limit rm -rf -- "$f" ;; esac
  done < "$S/beside"
  rm -f -- "$S/beside"
)
[ ! -f "$S/beside" ] || [ -L "$S/beside" ] || beside
# Another thing in its place is no empty index.
[ -f "$index" ] || { [ ! -e "$index" ] && [ ! -L "$index" ]; } || die unreadable
# With its time: what was changed in the second of its writing is found by that.
{ [ ! -f "$index" ] || limit cp -p -- "$index" "$T/index"; } & copying=$!
filemode=true crlf=false
if ask config --get-regexp '^core\\.(filemode|autocrlf)$'; then
  while IFS= read -r r; do
    case $r in
      core.filemode*) filemode=\${r#core.filemode }; case $filemode in true|false) ;; *) filemode=odd ;; esac ;;
      'core.autocrlf true'|'core.autocrlf input') crlf=\${r#* } ;;
      core.autocrlf*) crlf=false ;;
    esac
  done <<< "$said"
  if [ "$filemode" = odd ]; then filemode=true; if ask config --type=bool --get core.filemode; then filemode=$said; fi; fi
fi
private "$common/objects" "$format" "$S"
export GIT_WORK_TREE="$here"
for s in "\${index%/*}"/sharedindex.*; do [ ! -f "$s" ] || limit cp -p -- "$s" "$T/"; done
wait "$copying" || room
limit "\${G[@]}" ls-files -v -z > "$T/flags" 2>/dev/null & flags=$!
[ ! -f "$common/info/exclude" ] || limit head -c 65536 -- "$common/info/exclude" > "$T/info/exclude"
if [ -n "$head" ]; then limit "\${G[@]}" cat-file -e "$head^{commit}" 2>/dev/null; code=$?; late "$code"; [ "$code" = 0 ] || die unreadable; fi
# stands for a file that is known by size and time only
large_text() {
  # One tool writes it with a digit more.
  local time=\${1#* }; [[ $time != *.?????????? ]] || time=\${time%?}
  printf 'Not kept: known by its size (%s bytes) and time (%s) only.\\n' "\${1% *}" "$time"
}
run() { limit "\${G[@]}" "$@"; code=$?; late "$code"; return "$code"; }
wait "$flags"; code=$?; late "$code"; [ "$code" = 0 ] || die unreadable
# Not while git reads there: a HEAD that is being written is that of no repository.
[ -z "$head" ] || printf '%s\\n' "$head" > "$T/HEAD"
# Edits that the index is told to overlook: in our copy it is not.
: > "$T/hidden"
! grep -qazm 1 '^[a-zS] ' "$T/flags" || grep -az '^[a-zS] ' "$T/flags" | while IFS= read -r -d '' f; do
  case $f in [a-z]' '*) ;; S' '*) [ -e "\${f#??}" ] || [ -L "\${f#??}" ] || continue ;; *) continue ;; esac
  printf '%s\\0' "\${f#??}"
done | head -z -n 5000 > "$T/hidden"
if [ -s "$T/hidden" ]; then
  run update-index --no-assume-unchanged -z --stdin < "$T/hidden" 2>/dev/null
  run update-index --no-skip-worktree -z --stdin < "$T/hidden" 2>/dev/null
fi
# Our copy of the index learns from it what was looked at.
GIT_OPTIONAL_LOCKS=1 run status --porcelain=v2 -z --untracked-files=all --ignore-submodules=dirty > "$T/status" 2>"$T/said" || { room; die unreadable; }
if [ -n "$apart" ]; then sections status & telling=$!; fi
# What git would list as changed in the folder, without its looking at all of it again: each entry with as many fields before its
# name; and what it does not know, in a file of its own.
: > "$T/new"
{ cd -- "$T" && sed -zn -e '/^2 /{h;n;x;s/ [NS][^ ]* / /}' -e '/^[12] .[.D] /d' -e '/^u /s/ [NS][^ ]* [0-7]* / /' -e '/^[12u] /p' -e 's/^? //w new' status; } |
  cut -z -d ' ' -f 9- > "$T/changed"
limit "\${G[@]}" check-attr -z --stdin filter < "$T/changed" > "$T/filters" 2>/dev/null & attributes=$!
${filesSteps}wait "$attributes"; late $?
room
`;
