import { changesPrelude } from '../scripts';

/**
 * What `blobScript` and `workScript` read of one side each, of many at once.
 *
 * folder, name of what we keep, format, objects, bytes from which on a side is not read, bytes that all may have together, then of
 * each side `blob` and its id or `work` and its name in the folder
 * → of each side its word: `blob`, `file N` or `link N` of N bytes, `large N`, `missing`, `special`, `denied`; `later` where no room
 * was left for it, `alone` where it is best read by itself. Then an empty one, the bytes of files and links, and what
 * `git cat-file --batch` prints of the blobs.
 */
export const sidesScript = `${changesPrelude}arg top; arg key; arg format; arg common; arg most; arg whole
kinds=() values=() ids=()
while arg kind && arg value; do
  kinds+=("$kind"); values+=("$value"); [ "$kind" != blob ] || ids+=("$value")
done
exec </dev/null
look
checked=()
if [ "\${#ids[@]}" != 0 ]; then
  command -v git >/dev/null || die no_git
  private "\${common:+$common/objects}" "$format" "$O/$key"
  printf '%s\\n' "\${ids[@]}" | limit "\${G[@]}" cat-file --batch-check='%(objecttype) %(objectsize)' > "$T/checked" 2>/dev/null; late "$?"
  mapfile -t checked < "$T/checked"
fi
cd -- "$top" 2>/dev/null; isThere=$?
words=() sized=() at=0
for i in "\${!kinds[@]}"; do
  f=./\${values[i]} word=alone
  if [ "\${kinds[i]}" = blob ]; then
    case \${checked[at]} in 'blob '*) word="blob \${checked[at]#blob }" ;; *' missing') word=missing ;; esac
    at=$((at + 1))
  elif [ "$isThere" != 0 ]; then :
  elif [ -L "$f" ]; then word=link
  elif [ ! -e "$f" ]; then word=missing
  elif [ ! -f "$f" ]; then word=special
  elif [ ! -r "$f" ]; then word=denied
  else word=file; sized+=("$f"); fi
  words+=("$word")
done
# By their names, as one may be gone by now.
facts=()
[ "\${#sized[@]}" = 0 ] || mapfile -t -d '' facts < <(limit stat --printf '%s\\0%n\\0' -- "\${sized[@]}" 2>/dev/null)
at=0 left=$whole wanted=() copies=()
for i in "\${!kinds[@]}"; do
  f=./\${values[i]} size=
  case \${words[i]} in
    link)
      words[i]=alone
      if limit readlink -n -- "$f" > "$T/side.$i" 2>/dev/null; then words[i]='link '; copies+=("$i"); fi
      continue ;;
    file)
      words[i]=missing
      [ "\${facts[at + 1]}" = "$f" ] || continue
      size=\${facts[at]} at=$((at + 2)) ;;
    'blob '*) size=\${words[i]#blob } words[i]=blob ;;
    *) continue ;;
  esac
  if [[ ! $size =~ ^[0-9]+$ ]]; then words[i]=alone
  elif [ "$size" -gt "$most" ]; then words[i]="large $size"
  elif [ "$size" -gt "$whole" ]; then words[i]=alone
  elif [ "$size" -gt "$left" ]; then words[i]=later
  else
    left=$((left - size))
    if [ "\${kinds[i]}" = blob ]; then wanted+=("\${values[i]}"); continue; fi
    words[i]=alone
    # One that grows is another one by now.
    if limit head -c "$((size + 1))" -- "$f" > "$T/side.$i" 2>/dev/null; then words[i]="file $size"; copies+=("$i"); fi
  fi
done
room
bytes=() at=0
[ "\${#copies[@]}" = 0 ] || mapfile -t bytes < <(cd -- "$T" && stat -c %s -- "\${copies[@]/#/side.}")
sides=()
for i in "\${copies[@]}"; do
  size=\${bytes[at]} at=$((at + 1))
  case \${words[i]} in
    'link ') words[i]="link $size" ;;
    "file $size") ;;
    *) words[i]=alone; continue ;;
  esac
  sides+=("$T/side.$i")
done
printf '%s\\0' "\${words[@]}" ''
[ "\${#sides[@]}" = 0 ] || cat -- "\${sides[@]}"
[ "\${#wanted[@]}" = 0 ] || printf '%s\\n' "\${wanted[@]}" | limit "\${G[@]}" cat-file --batch 2>/dev/null
exit 0`;
