import { folderSteps, mostComparedFiles } from './folderSteps';
import { changesPrelude } from './scripts';

/**
 * Folder, a name for what we keep of it, bytes of which a file is kept, what for → the sections of `readScript`. What the folder held
 * is noted at the first look. For `start` or `turn` instead → a patch against that; for `note` → nothing, and what the folder
 * holds is kept as the beginning of a turn.
 */
export const folderScript = `${changesPrelude}arg top; arg key; arg most; arg what; exec </dev/null
cd -- "$top" 2>/dev/null || die gone
command -v git >/dev/null || die no_git
set -f; home=$(cd 2>/dev/null && pwd -P); look; F=$O/$key/folder; private '' sha1 "$O/$key"
${folderSteps}[ -f "$F/at" ] || note "$F"
if [ "$what" = note ]; then
  [ -f "$F/at" ] || die no_folder
  aside "$F/turn"
  note "$F/turn" || die no_folder
  exit 0
fi
: > "$T/files"; : > "$T/status"
scan "$T/now" ${mostComparedFiles} 99999999999 || die folder_more
if [ -n "$what" ]; then
  of=$F; [ "$what" = start ] || of=$F/turn
  keepNow=-w; differ "$of" "$T/raw" || die turn_unknown
  [ -z "\${hasLarge-}" ] || die patch_folder_large
  while IFS= read -r -d '' r && IFS= read -r -d '' f; do
    set -- $r; m1=\${1#:}
    [ "$m1" = 000000 ] || printf '%s %s\\t%s\\0' "$m1" "$3" "$f" >&3
    [ "$2" = 000000 ] || printf '%s %s\\t%s\\0' "$2" "$4" "$f" >&4
  done < "$T/raw" 3> "$T/a" 4> "$T/b"
  for side in a b; do
    export GIT_INDEX_FILE=$T/$side.index
    # What git takes for no name, as ".GIT", it passes over.
    limit "\${G[@]}" update-index --add -z --index-info < "$T/$side" 2>/dev/null && limit "\${G[@]}" ls-files -z > "$T/$side.names" &&
      [ "$(records "$T/$side.names")" = "$(records "$T/$side")" ] && limit "\${G[@]}" write-tree > "$T/$side.tree" 2>/dev/null || die patch_names
  done
  limit "\${G[@]}" diff-tree -p --binary --full-index -M --no-ext-diff --no-textconv "$(cat "$T/a.tree")" "$(cat "$T/b.tree")" -- > "$T/patch" 2>/dev/null
  code=$?; late "$code"; [ "$code" = 0 ] || die incomplete
  [ "$(wc -c < "$T/patch")" -le 48000000 ] || die patch_folder_large
  cat -- "$T/patch"
  exit 0
fi
start=; differ "$F" "$T/since" && start=$(cat "$F/at")
turn=; differ "$F/turn" "$T/turn" && turn=$(cat "$F/turn/at")
{ printf '%s\\0' '' '' sha1 '' true; printf '%s\\0' "\${start:+folder}" '' "$start" "\${turn:+folder}" '' "$turn"; } > "$T/facts"
: > "$T/hidden"; : > "$T/filters"
room
sections facts status files since turn hidden filters
printf 'end\\0'
exit 0`;
