/**
 * What is in the folder under the names that are changed or new, in `$T/files`: facts and a name each. Nothing is run for a file.
 *
 * Files whose names can be written on one line are told in `$T/known` and `$T/missed` instead where `$apart` is set: by lines of a
 * time, facts and a name. Those of `$T/known` were last changed before the time `$since`, so that whoever looks may know their hashes
 * from the look before; of the others, `$T/ids` has them.
 */
export const filesSteps = `printf -v began '%(%s)T' -1
count() { local all; mapfile "$@" all; counted=\${#all[@]}; }
facts='%C@ %m %s %T@ %D %i/%p\\n'
: > "$T/known"; : > "$T/missed"; : > "$T/files"; : > "$T/ids"; : > "$T/below"
# By the time of their last change, which nobody can set, the names of files that can be written on one line: git takes away a
# quotation and what may end a line.
cat -- "$T/changed" "$T/new" | limit find -files0-from - -maxdepth 0 -type f ! -path $'*\\n*' ! -path $'*\\r' ! -path '"*' \\
  \\( -newerct "@\${since:-0}" -fprintf "$T/missed" "$facts" -o -fprintf "$T/known" "$facts" \\) 2>/dev/null; code=$?; late "$code"
if [ "$code" != 0 ] && [ ! -s "$T/known" ] && [ ! -s "$T/missed" ]; then
  # Of before that could be asked for.
  sed -zn -e '/\\n/d' -e '/\\r$/d' -e '/^"/d' -e 's|^|./|p' -- "$T/changed" "$T/new" | limit xargs -0 -r bash -c 'facts=$1; shift
    exec find "$@" -maxdepth 0 -type f \\( -newerct "@$0" -printf "m$facts" -o -printf "k$facts" \\)' "\${since:-0}" "$facts" 2>/dev/null |
    ( cd -- "$T" && sed -n -e 's|/\\./|/|' -e '/^k/{s/.//w known' -e 'd}' -e 's/.//p' > missed )
fi
[ -n "$since" ] || [ ! -s "$T/known" ] || { cat -- "$T/known" >> "$T/missed"; : > "$T/known"; }
count < "$T/known"; lines=$counted; count < "$T/missed"; lines=$((lines + counted))
count -d '' < "$T/changed"; others=$counted; count -d '' < "$T/new"; others=$((others + counted - lines))
[ "$others" = 0 ] || cut -d / -f 2- "$T/known" "$T/missed" | tr '\\n' '\\0' | sort -z | comm -z -13 - <(sort -zu -- "$T/changed" "$T/new") | while IFS= read -r -d '' f; do
  if [ -L "$f" ]; then
    # What the index has below one that leads to itself: git says nothing of it, as it cannot look.
    [ -e "$f" ] || limit "\${G[@]}" ls-files -s -z -- ":(literal)$f/" >> "$T/below" 2>/dev/null
    text=$(readlink -n -- "$f"; echo x); printf 'link %s\\0%s\\0' "$(printf '%s' "\${text%x}" | git hash-object --no-filters --stdin)" "$f"
  elif [ -f "$f" ] && [ -r "$f" ]; then printf 'hash %s %s\\0%s\\0' "$(limit git hash-object --no-filters -- "./$f")" "$(stat -c '%a %s %.Y' -- "$f")" "$f"
  elif [ -d "$f" ] && [ -e "$f/.git" ]; then
    printf 'sub %s\\0%s\\0' "$(outside "\${Q[@]}" -C "./$f" rev-parse -q --verify HEAD 2>/dev/null)" "$f"
  elif [ -d "$f" ] && read -r -d '' mode id rest < <(limit "\${G[@]}" ls-files -s -z -- ":(literal)$f" 2>/dev/null | grep -az '^160000 [0-9a-f]* 2'); then
    # In conflict and not checked out, it is as we had it.
    printf 'sub %s\\0%s\\0' "$id" "$f"
  else printf 'none\\0%s\\0' "$f"; fi
done > "$T/files"
gone_below() { # adds to the differences in $1 what is below links to themselves and is in the index as it was
  local r f mode id rest
  while IFS= read -r -d '' r; do
    f=\${r#*$'\\t'}; read -r mode id rest <<< "\${r%%$'\\t'*}"
    [ "$rest" != 0 ] || grep -qazxF -e "$f" "$1" || printf ':%s 000000 %s %s D\\0%s\\0' "$mode" "$id" "\${id//[0-9a-f]/0}" "$f"
  done < "$T/below" > "$T/more"
  cat -- "$T/more" >> "$1"
}
hashed_files() { paste -d / "$T/ids" "$T/missed" | sed 's|^\\([^/]*\\)/[^ ]* \\([^ ]* [^ ]* [^ ]*\\) [^/]*/|hash \\1 \\2\\n|' | tr '\\n' '\\0'; }
if [ "$lines" != 0 ]; then
  # Unless a file has as many digits, none is large, nor all of them together.
  digits=\${#most}
  while [ "$digits" -gt 1 ] && [ $((lines * 10 ** (digits - 1))) -gt $((most * 100)) ]; do digits=$((digits - 1)); done
  if [ "$lines" -gt 20000 ] || grep -qaE "^[^ ]+ [0-7]+ [0-9]{$digits,} " "$T/known" "$T/missed"; then
    sum=$(($(cat -- "$T/known" "$T/missed" | cut -d ' ' -f 3 | tr '\\n' '+')0))
    # Too much to be read each time: by size and time, as the large ones.
    if [ "$sum" -gt $((most * 100)) ] || [ "$lines" -gt 20000 ]; then most=0; fi
    grep -haE "^[^ ]+ [0-7]+ [0-9]{\${#most},} " "$T/known" "$T/missed" | while IFS= read -r r; do
      set -f; set -- \${r%%/*}; [ "$3" -le "$most" ] || printf '%s\\n' "$r"
    done > "$T/large"
  fi
  if [ -s "$T/large" ]; then
    mkdir "$T/texts"; i=0
    while IFS= read -r r; do i=$((i + 1)); set -f; set -- \${r%%/*}; large_text "$3 $4" > "$T/texts/$i"; printf '%s\\n' "$T/texts/$i"; done < "$T/large" |
      limit git hash-object --no-filters --stdin-paths > "$T/hash" 2>/dev/null
    set +f
    paste -d / "$T/hash" "$T/large" | sed 's|^\\([^/]*\\)/[^ ]* \\([^ ]* [^ ]* [^ ]*\\) [^/]*/|large \\1 \\2\\n|' | tr '\\n' '\\0' >> "$T/files"
    for n in known missed; do grep -avxF -f "$T/large" "$T/$n" > "$T/small"; room; mv -- "$T/small" "$T/$n"; done
  fi
  read_missed() {
    [ -s "$T/missed" ] || { : > "$T/ids"; return; }
    cut -d / -f 2- "$T/missed" | limit git hash-object --no-filters --stdin-paths > "$T/ids" 2>/dev/null; code=$?; late "$code"
    [ "$code" = 0 ]
  }
  if ! read_missed; then
    room
    # What nobody may read is told so.
    while IFS= read -r r; do
      f=\${r#*/}; if [ -r "$f" ]; then printf '%s\\n' "$r"; else printf 'none\\0%s\\0' "$f" >&3; fi
    done < "$T/missed" > "$T/readable" 3>> "$T/files"
    room
    mv -- "$T/readable" "$T/missed"
    # Gone between two steps.
    read_missed || die again
  fi
  count < "$T/ids"; lines=$counted; count < "$T/missed"
  [ "$lines" = "$counted" ] || die again
  [ -n "$apart" ] || hashed_files >> "$T/files"
fi
`;

/**
 * What was noted of a large file stays what it is while its size and time do, whether git has it or not: by git's hash, there where
 * it had the file, or by ours of size and time.
 */
export const largeSteps = `known_large() { # files that were known by size and time when $1 was noted, and still have these, whatever git has made of them
  local id f facts
  [ -s "$1/large" ] && [ ! -L "$1/large" ] || return 0
  head -n 100 -- "$1/large" | while IFS=/ read -r id f; do
    [ -f "$f" ] && [ ! -L "$f" ] && facts=$(stat -c '%a %s %.Y' -- "$f") || continue
    [ "$(large_text "\${facts#* }" | git hash-object --stdin)" != "$id" ] || printf 'large %s %s\\0%s\\0' "$id" "$facts" "$f"
  done >> "$T/files"
}
note_whole() { # of large files that git has as they are here: modes and ids in the tree of $N, and what we should call them without
  local m id r f size time changed before large
  before=$(stat -c %.Y -- "$T/config"); before=\${before/./}
  limit "\${G[@]}" ls-files -z | limit xargs -0 -r stat -c '%s %.Y %.Z/%n' -- 2>/dev/null | grep -aE "^[0-9]{\${#allowed},} " | while IFS=/ read -r r f; do
    read -r size time changed <<< "$r"
    # Not what was changed while git looked.
    [ "$size" -gt "$allowed" ] && [ "\${changed/./}" -lt "$before" ] && [ -f "$f" ] && [ ! -L "$f" ] || continue
    read -r m r id r < <(limit "\${G[@]}" --literal-pathspecs ls-tree --full-tree "$(cat "$N/tree")" -- "$f")
    large=$(large_text "$size $time" | git hash-object --stdin)
    [ -z "$id" ] || [ "$id" = "$large" ] || printf '%s %s %s/%s\\n' "$m" "$id" "$large" "$f"
  done | head -n 100 > "$N/whole"
  [ -s "$N/whole" ] || rm -f -- "$N/whole"
}
known_whole() { # such files that had git's hash in the note $1, and are known by size and time now: what differs in $2 is told by that
  local w=\${1%/*}/whole r f m id large facts bits
  [ -s "$w" ] && [ ! -L "$w" ] && grep -qaz '^large ' "$T/files" || return 0
  head -n 100 -- "$w" | while IFS=/ read -r r f; do
    read -r m id large <<< "$r"
    grep -qazxF -e "$f" "$T/files" && [ -f "$f" ] && [ ! -L "$f" ] && facts=$(stat -c '%a %s %.Y' -- "$f") || continue
    bits=100644; [ $((0\${facts%% *} & 0100)) = 0 ] || [ "$filemode" = false ] || bits=100755
    [ "$bits" = "$m" ] && [ "$(large_text "\${facts#* }" | git hash-object --stdin)" = "$large" ] || continue
    # Where the index has it still, git has looked into it.
    case $(limit "\${G[@]}" --literal-pathspecs ls-files -s -- "$f") in *" $id 0"*) continue ;; esac
    printf ':%s 000000 %s %s D\\0%s\\0' "$m" "$large" "\${id//[0-9a-f]/0}" "$f"
  done >> "$2"
}
`;
