/**
 * What is in the folder under the names that are changed or new: facts and a name each, in `$T/files`. Nothing is run for a file,
 * and a file is only read where its bytes are not known: `$hashes` is the checksum of what this script has kept of them at a look
 * before, as whoever looks was told it. So what anybody else made of that costs time, and nothing else.
 */
export const filesSteps = `began=$(date +%s)
grep -az '^? ' "$T/entries" | cut -z -b 3- | sort -zu - "$T/changed" > "$T/names"
# By the time of their last change, which nobody can set, the names of files that can be written on one line.
limit xargs -0 -r stat --printf='%.Z %f %s %.Y %d %i/%n\\0' -- < "$T/names" 2>/dev/null |
  sed -zn -e '/\\n/d' -e '/^[^/]*\\/"/d' -e '/^[^ ]* 8... /p' | tr '\\0' '\\n' > "$T/plain"
cut -d / -f 2- "$T/plain" | tr '\\n' '\\0' | comm -z -13 - "$T/names" | while IFS= read -r -d '' f; do
  if [ -L "$f" ]; then text=$(readlink -n -- "$f"; echo x); printf 'link %s\\0%s\\0' "$(printf '%s' "\${text%x}" | git hash-object --no-filters --stdin)" "$f"
  elif [ -f "$f" ] && [ -r "$f" ]; then printf 'hash %s %s\\0%s\\0' "$(limit git hash-object --no-filters -- "./$f")" "$(stat -c '%f %s %.Y' -- "$f")" "$f"
  elif [ -d "$f" ] && [ -e "$f/.git" ]; then
    printf 'sub %s\\0%s\\0' "$(outside "\${Q[@]}" -C "./$f" rev-parse -q --verify HEAD 2>/dev/null)" "$f"
  else printf 'none\\0%s\\0' "$f"; fi
done > "$T/files"
: > "$T/known"; : > "$T/found"
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
  H=$S/hashes.$format
  if [ -n "$hashes" ] && [ -f "$H" ] && [ ! -L "$H" ]; then
    limit head -c 40000000 -- "$H" > "$T/known"; sum=$(sha256sum < "$T/known")
    [ "\${sum%% *}" = "$hashes" ] || : > "$T/known"
  fi
  sort -t / -k 1,1 "$T/plain" > "$T/keyed"
  join -t / "$T/known" "$T/keyed" > "$T/found"
  join -t / -v 2 "$T/known" "$T/keyed" > "$T/missed"
  read_missed() {
    cut -d / -f 2- "$T/missed" > "$T/small"
    limit git hash-object --no-filters --stdin-paths < "$T/small" > "$T/hash" 2>/dev/null; code=$?; late "$code"
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
  cut -d / -f 1 "$T/missed" | paste -d / - "$T/hash" "$T/small" >> "$T/found"
  [ "$(wc -l < "$T/hash")" = "$(wc -l < "$T/small")" ] || die again
  sort -t / -k 3 "$T/found" > "$T/small"
  cut -d / -f 1 "$T/small" | cut -d ' ' -f 2-4 > "$T/facts"; cut -d / -f 2 "$T/small" | paste -d ' ' - "$T/facts" > "$T/hash"
  cut -d / -f 3- "$T/small" | paste -d '\\n' "$T/hash" - | sed 's/^/hash /;n' | tr '\\n' '\\0' >> "$T/files"
fi
keep_hashes() { # keeps what was found for the next look, and prints its checksum
  local sum
  [ -d "$S" ] && [ ! -L "$S" ] && [ -s "$T/found" ] || return 0
  # What was changed in these seconds may be changed again without another time.
  { cut -d / -f 1,2 "$T/found"; printf '%s\\n' "$((began - 2))"; } | sort -u -t / -k 1,1 | sed "/^$((began - 2))\\$/,\\$d" > "$T/hashes" || return 0
  sum=$(sha256sum < "$T/hashes"); sum=\${sum%% *}
  [ "$sum" = "$hashes" ] && cmp -s "$T/known" "$T/hashes" || mv -fT -- "$T/hashes" "$S/hashes.$format" 2>/dev/null || return 0
  printf %s "$sum"
}
`;
