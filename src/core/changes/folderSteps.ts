/** Files that a folder without git may hold when it is noted, and later. */
export const mostNotedFiles = 20_000;
export const mostComparedFiles = 60_000;
/** Bytes of contents that are kept of a folder in all, the smallest files first, and that are read of what differs at a look. */
const mostKeptBytes = 100 * 1024 * 1024;
const mostReadBytes = 2 * mostKeptBytes;

/*
 * A folder without git is noted as a manifest: one record a file of its size, kind, rights, times and inode, `//` and its name,
 * sorted, and beside it what its content is. Nothing in the folder is asked how it is to be read (`.gitignore`,
 * `.gitattributes`): files are compared byte by byte, links by their text, and whatever else is there is not opened. Git is used
 * for hashes and as the place where contents are kept, with a git directory of our own; nothing is written into the folder.
 */
export const folderSteps = `left=(-name node_modules -o -name __pycache__ -o -name .cache -o -name .npm -o -name '.runloop-*' -o -path ./.runloop/reviews)
# What programs keep in a home is nobody's work.
[ "$(pwd -P)" != "$home" ] || left+=(-o -path './.*' -type d)
G+=(-c core.protectNTFS=false -c core.fsync=none)
none=0000000000000000000000000000000000000000
# Names are keys of it, with a slash before: where it were no map, bash would compute with them.
declare -A wasLarge=()
size_text() { printf 'Not kept: known by its size (%s bytes) and time (%s) only.\\n' "$1" "$2"; }
records() { tr -dc '\\0' < "$1" | wc -c; }
# Repositories within are shown by themselves. Where one begins among files that were noted, these are compared on.
nested() { local d n i; prune=()
  limit find . -xdev -mindepth 2 \\( "\${left[@]}" \\) -prune -o -name .git -printf '%h\\0' -prune 2>/dev/null | head -z -n 300 > "$T/nested"
  while IFS= read -r -d '' d; do
    for n in "$F/records" "$F/turn/records"; do
      if [ -f "$n" ] && grep -qazF -e "//\${d#./}/" "$n"; then continue 2; fi
    done
    if i=$(stat -c %i -- "$d" 2>/dev/null); then prune+=(-o -inum "$i"); fi
  done < "$T/nested"
}
# what is in the folder, into $1, at most $2 files; those changed since $3 seconds are marked, as a later change may have the same time
scan() { local to=$1 most=$2 facts='%12s %y %m %T@ %C@ %i' codes
  nested
  limit find . -xdev -mindepth 1 \\( -name .git -o "\${left[@]}" \\) -prune -o -type d \\( -false "\${prune[@]}" \\) -prune -o \\
    -type d \\( ! -readable -o ! -executable \\) -printf "$facts//%P\\\\0" -prune -o -type d -o \\( -type f -o -type l \\) \\
    \\( -newerct "@$3" -printf "$facts just//%P\\\\0" -o -printf "$facts//%P\\\\0" \\) 2>/dev/null | head -z -n "$((most + 1))" | sort -z > "$to"
  codes=\${PIPESTATUS[0]}; late "$codes"
  [ "$(records "$to")" -le "$most" ] || return 1
}
# records $1 → of each its kind, mode and hash into $2; up to $3 bytes are read, and kept with $4
identify() { local from=$1 to=$2 budget=$3 keep=$4 r f text id sum=0 n=0 i=0 all=() kinds=() code
  mapfile -d '' -t all < "$from"
  for r in "\${all[@]}"; do
    f=\${r#*//}; set -- \${r%%//*}
    case $2 in
      l) kinds+=(link); printf '%s\\0' "$f" >&4 ;;
      d) kinds+=(none) ;;
      *) if [ "$1" -le "$most" ] && [ $((sum + $1)) -le "$budget" ] && [ -z "\${wasLarge[/$f]-}" ] && [ -r "./$f" ]; then
          sum=$((sum + $1)); kinds+=(hash); printf '%s\\0' "$f" >&3
        else kinds+=(large); fi ;;
    esac
  done 3> "$T/small" 4> "$T/links"
  limit xargs -0 -r readlink -z -- < "$T/links" > "$T/linked" 2>/dev/null; late $?
  [ "$(records "$T/links")" = "$(records "$T/linked")" ] || die again
  rm -rf -- "$T/texts"; mkdir "$T/texts"
  for r in "\${all[@]}"; do
    case \${kinds[i]} in
      link) IFS= read -r -d '' text <&3; printf %s "$text" > "$T/texts/$i" ;;
      large) set -- \${r%%//*}; size_text "$1" "$4" > "$T/texts/$i" ;;
      *) i=$((i + 1)); continue ;;
    esac
    printf '%s\\0' "$T/texts/$i" >&4; i=$((i + 1))
  done 3< "$T/linked" 4> "$T/textnames"
  for n in small textnames; do
    limit xargs -0 -r "\${G[@]}" hash-object $keep --no-filters -- < "$T/$n" > "$T/$n.hash" 2>/dev/null; code=$?; late "$code"
    if [ "$code" != 0 ] && [ -n "$keep" ]; then limit xargs -0 -r "\${G[@]}" hash-object --no-filters -- < "$T/$n" >/dev/null 2>&1 && return 1; fi
    [ "$code" = 0 ] && [ "$(wc -l < "$T/$n.hash")" = "$(records "$T/$n")" ] || die again
  done
  i=0
  for r in "\${all[@]}"; do
    set -- \${r%%//*}; text=100644; [ $((0$3 & 0100)) = 0 ] || text=100755
    case \${kinds[i]} in
      hash) read -r id <&3 ;;
      large) read -r id <&4 ;;
      link) read -r id <&4; text=120000 ;;
      none) id=$none text=000000 ;;
    esac
    printf '%s %s %s\\0' "\${kinds[i]}" "$text" "$id"; i=$((i + 1))
  done 3< "$T/small.hash" 4< "$T/textnames.hash" > "$to"
}
# notes the folder as it is now in $1
note() { local to=$1 at N="$T/keep"; at=$(date +%s)
  rm -rf -- "$N"; mkdir -p "$N/objects/info"; cp -- "$T/objects/info/alternates" "$N/objects/info/" 2>/dev/null
  scan "$N/records" ${mostNotedFiles} $((at - 1)) || die folder_many
  ( export GIT_OBJECT_DIRECTORY="$N/objects"; identify "$N/records" "$N/ids" ${mostKeptBytes} -w ); code=$?
  [ "$code" != 3 ] || exit 3
  room
  [ "$code" = 0 ] && printf '%s\\n' "$at" > "$N/at" || return 1
  rm -f -- "$N/objects/info/alternates"
  mkdir -p -- "\${to%/*}" || return 1
  # A start stays the one that is there, and a turn is the newest.
  if [ "$to" = "$F" ]; then mv -T -- "$N" "$to" 2>/dev/null; else put "$N" "$to"; fi
}
# what is in "$T/now" and differs from the note $1, as git writes raw differences, into $2; facts on it into "$T/files"
differ() { local of=$1 to=$2 r f i=0 was is all=() ids=() ; local -A before=() now=() wasLarge=()
  : > "$to"
  [ -f "$of/at" ] || return 1
  comm -z -23 "$of/records" "$T/now" > "$T/old"; comm -z -13 "$of/records" "$T/now" > "$T/new"
  mapfile -d '' -t all < "$of/records"; mapfile -d '' -t ids < "$of/ids"
  [ "\${#all[@]}" = "\${#ids[@]}" ] || return 1
  while IFS= read -r -d '' r; do
    while [ "$i" -lt "\${#all[@]}" ] && [ "\${all[i]}" != "$r" ]; do i=$((i + 1)); done
    f=\${r#*//}; before[/$f]=\${ids[i]}
    case \${ids[i]} in large*) wasLarge[/$f]=1 ;; esac
  done < "$T/old"
  identify "$T/new" "$T/newids" ${mostReadBytes} "\${keepNow-}"
  local shut=()
  while IFS= read -r -d '' r <&3 && IFS= read -r -d '' is <&4; do
    f=\${r#*//}; now[/$f]=1; was=\${before[/$f]-}
    case $is in none*) shut+=("$f")
      case $was in none*) ;; *) printf '? %s\\0' "$f" >> "$T/status"; printf 'none\\0%s\\0' "$f" >> "$T/files" ;; esac; continue ;; esac
    case $was in ''|none*) was="- 000000 $none" ;; esac
    set -- $was $is
    [ "$2 $3" != "$5 $6" ] || continue
    case $1$4 in *large*) hasLarge=1 ;; esac
    i=M; [ "\${2:0:3}" = "\${5:0:3}" ] || i=T; [ "$2" != 000000 ] || i=A
    printf ':%s %s %s %s %s\\0%s\\0' "$2" "$5" "$3" "$6" "$i" "$f" >> "$to"
    case $4 in link) printf 'link %s\\0%s\\0' "$6" "$f" ;; *) set -- "$4" "$6" \${r%%//*}
      printf '%s %s %s %s\\0%s\\0' "$1" "$2" "$5" "$3" "$f" ;; esac >> "$T/files"
  done 3< "$T/new" 4< "$T/newids"
  while IFS= read -r -d '' r; do
    f=\${r#*//}; [ -z "\${now[/$f]-}" ] || continue
    for i in "\${shut[@]}"; do case $f in "$i"/*) continue 2 ;; esac; done
    set -- \${before[/$f]}
    [ "$1" != large ] || hasLarge=1
    [ "$1" = none ] || printf ':%s 000000 %s %s D\\0%s\\0' "$2" "$3" "$none" "$f" >> "$to"
  done < "$T/old"
}
`;
