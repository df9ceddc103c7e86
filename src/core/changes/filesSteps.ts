/**
 * What is in the folder under the names that are changed or new, in `$T/files`: facts and a name each. Nothing is run for a file.
 *
 * Files whose names can be written on one line are told in `$T/known` and `$T/missed` instead where `$apart` is set: by lines of a
 * time, facts and a name. Those of `$T/known` were last changed before the time `$since`, so that whoever looks may know their hashes
 * from the look before; of the others, `$T/ids` has them.
 */
export const filesSteps = `printf -v began '%(%s)T' -1
sed -zn -e '/^2 /{n;d}' -e 's/^? //p' "$T/status" | sort -zu - "$T/changed" > "$T/names"
# By the time of their last change, which nobody can set, the names of files that can be written on one line.
sed -zn -e '/\\n/d' -e '/^"/d' -e p "$T/names" | limit xargs -0 -r stat --printf='%.Z %f %s %.Y %d %i/%n\\n' -- 2>/dev/null | grep -a '^[^ ]* 8... ' > "$T/plain"
cut -d / -f 2- "$T/plain" | tr '\\n' '\\0' | comm -z -13 - "$T/names" | while IFS= read -r -d '' f; do
  if [ -L "$f" ]; then text=$(readlink -n -- "$f"; echo x); printf 'link %s\\0%s\\0' "$(printf '%s' "\${text%x}" | git hash-object --no-filters --stdin)" "$f"
  elif [ -f "$f" ] && [ -r "$f" ]; then printf 'hash %s %s\\0%s\\0' "$(limit git hash-object --no-filters -- "./$f")" "$(stat -c '%f %s %.Y' -- "$f")" "$f"
  elif [ -d "$f" ] && [ -e "$f/.git" ]; then
    printf 'sub %s\\0%s\\0' "$(outside "\${Q[@]}" -C "./$f" rev-parse -q --verify HEAD 2>/dev/null)" "$f"
  else printf 'none\\0%s\\0' "$f"; fi
done > "$T/files"
: > "$T/known"; : > "$T/missed"; : > "$T/ids"
hashed_files() { paste -d / "$T/ids" "$T/missed" | sed 's|^\\([^/]*\\)/[^ ]* \\([^ ]* [^ ]* [^ ]*\\) [^/]*/|hash \\1 \\2\\n|' | tr '\\n' '\\0'; }
if [ -s "$T/plain" ]; then
  sum=$(($(cut -d ' ' -f 3 "$T/plain" | tr '\\n' '+')0))
  # Too much to be read each time: by size and time, as the large ones.
  if [ "$sum" -gt $((most * 100)) ] || [ "$(wc -l < "$T/plain")" -gt 20000 ]; then most=0; fi
  grep -E "^[^ ]+ 8... [0-9]{\${#most},} " "$T/plain" | while IFS= read -r r; do
    set -f; set -- \${r%%/*}; [ "$3" -le "$most" ] || printf '%s\\n' "$r"
  done > "$T/large"
  if [ -s "$T/large" ]; then
    mkdir "$T/texts"; i=0
    while IFS= read -r r; do i=$((i + 1)); set -f; set -- \${r%%/*}; large_text "$3 $4" > "$T/texts/$i"; printf '%s\\n' "$T/texts/$i"; done < "$T/large" |
      limit git hash-object --no-filters --stdin-paths > "$T/hash" 2>/dev/null
    set +f
    paste -d / "$T/hash" "$T/large" | sed 's|^\\([^/]*\\)/[^ ]* \\([^ ]* [^ ]* [^ ]*\\) [^/]*/|large \\1 \\2\\n|' | tr '\\n' '\\0' >> "$T/files"
    grep -vxF -f "$T/large" "$T/plain" > "$T/small"; mv -- "$T/small" "$T/plain"
  fi
  printf '%s\\n' "$since" | sort - "$T/plain" > "$T/small"
  at=$(grep -nxFm 1 -e "$since" "$T/small"); at=\${at%%:*}
  [ -z "$since" ] || head -n "$((at - 1))" "$T/small" > "$T/known"
  tail -n "+$((at + 1))" "$T/small" > "$T/missed"
  read_missed() {
    [ -s "$T/missed" ] || { : > "$T/ids"; return; }
    cut -d / -f 2- "$T/missed" > "$T/small"
    limit git hash-object --no-filters --stdin-paths < "$T/small" > "$T/ids" 2>/dev/null; code=$?; late "$code"
    [ "$code" = 0 ]
  }
  if ! read_missed; then
    # What nobody may read is told so.
    while IFS= read -r r; do
      f=\${r#*/}; if [ -r "$f" ]; then printf '%s\\n' "$r"; else printf 'none\\0%s\\0' "$f" >&3; fi
    done < "$T/missed" > "$T/readable" 3>> "$T/files"
    mv -- "$T/readable" "$T/missed"
    # Gone between two steps.
    read_missed || die again
  fi
  [ "$(wc -l < "$T/ids")" = "$(wc -l < "$T/missed")" ] || die again
  [ -n "$apart" ] || hashed_files >> "$T/files"
fi
`;
