import { changesPrelude } from '../scripts';

/** folder, name of what we keep, format, objects, commit, commits that are known at home by lines, bytes that are taken → path of a bundle, its commits */
export const bundleScript = `${changesPrelude}arg top; arg key; arg format; arg common; arg head; arg known; arg most; exec </dev/null
command -v git >/dev/null || die no_git
look; private "$common/objects" "$format" "$O/$key"
limit "\${G[@]}" update-ref refs/heads/e "$head" 2>/dev/null || die no_commit
printf '%s\\n' "$known" | limit "\${G[@]}" cat-file --batch-check='%(objecttype) %(objectname)' 2>/dev/null |
  sed -n 's/^commit /^/p' > "$T/known"
count=$(limit "\${G[@]}" rev-list --count --stdin refs/heads/e < "$T/known" 2>/dev/null); code=$?; late "$code"
[ "$code" = 0 ] || die incomplete
[ "$count" != 0 ] || die nothing
out=$(mktemp "$O/home.XXXXXX") || die no_folder
find "$O" -maxdepth 1 -name 'home.*' -mmin +60 -exec rm -f -- {} + 2>/dev/null
{ echo refs/heads/e; cat "$T/known"; } | limit "\${G[@]}" bundle create "$out" --stdin >/dev/null 2>&1; code=$?
[ "$code" = 0 ] || { rm -f -- "$out"; late "$code"; die incomplete; }
[ "$(wc -c < "$out")" -le "$most" ] || { rm -f -- "$out"; die home_large; }
printf '%s\\0' "$out" "$count"
exit 0`;

/** path of a bundle → nothing, there or not */
export const discardBundleScript = `${changesPrelude}arg out; exec </dev/null
ours; case $out in "$O"/home.*) rm -f -- "$out" ;; esac
exit 0`;
