/**
 * What COPY and ADD do, run as root inside the build's sandbox, so that a link in a build context leads nowhere else.
 * Arguments: the folder to copy from, the target, permissions or nothing, an owner as `user:group` or nothing, words of
 * `unpack` (archives become folders), `parents` (the folders above what is copied are kept), `keep` (everything stays
 * whose it is) and `alone` (there are no users here), expressions of paths to leave out with a line each, then what to copy.
 * A folder's contents are copied, not the folder itself; wildcards match names that begin with a dot too.
 */
export const copyScript = String.raw`
context=$1 target=$2 mode=$3 owner=$4 how=" $5 " excluded=$6
shift 6
shopt -s dotglob nullglob globstar
IFS=
cd -- "$context" || exit 1
context=$(pwd -P)
where='build context'
case $how in *' keep '*) where=stage ;; esac
fail() { echo "COPY: $1" >&2; exit 1; }
found=()
for pattern in "$@"; do
  if [ -e "$pattern" ] || [ -L "$pattern" ]; then
    found+=("$pattern")
    continue
  fi
  # As with BuildKit, a wildcard may find nothing.
  case $pattern in *[*?[]*) ;; *) fail "there is no $pattern in the $where." ;; esac
  matches=($pattern)
  found+=("$\{matches[@]}")
done
uid=0 gid=0
if [ -n "$owner" ]; then
  user=$\{owner%%:*} group=
  case $owner in *:*) group=$\{owner#*:} ;; esac
  uid= gid=
  case $user in *[!0-9]*) ;; *) uid=$user gid=$user ;; esac
  while IFS=: read -r name _ number primary _; do
    if [ "$name" = "$user" ]; then uid=$number gid=$primary; break; fi
  done < /etc/passwd
  # As with BuildKit, whom nobody knows is root.
  if [ -z "$uid" ]; then echo "COPY: there is no user $user, so it is root's." >&2; uid=0 gid=0; fi
  case $group in
    '') ;;
    *[!0-9]*)
      gid=
      while IFS=: read -r name _ number _; do if [ "$name" = "$group" ]; then gid=$number; fi; done < /etc/group
      if [ -z "$gid" ]; then echo "COPY: there is no group $group, so it is root's." >&2; gid=0; fi
      ;;
    *) gid=$group ;;
  esac
fi
whose=(--owner="$uid" --group="$gid")
kept=--no-preserve=ownership
if [[ $how == *' keep '* ]] && [ -z "$owner" ]; then whose=() kept=--preserve=ownership; fi
same=--same-owner
if [[ $how == *' alone '* ]]; then same=--no-same-owner; fi
give() {
  if [ "$\{#whose[@]}" != 0 ] && [[ $how != *' alone '* ]]; then chown -h -- "$uid:$gid" "$1"; fi
}
# Folders that are made on the way are whose the copy is.
folder() {
  local missing=() at=$1
  while [ ! -e "$at" ] && [ ! -L "$at" ]; do missing+=("$at"); at=$(dirname -- "$at"); done
  mkdir -p -- "$1" || exit 1
  if [ "$\{#missing[@]}" != 0 ]; then for at in "$\{missing[@]}"; do give "$at" || exit 1; done; fi
}
leave=()
while IFS= read -r expression; do
  if [ -n "$expression" ]; then leave+=(-o -regex "\\./$expression"); fi
done <<< "$excluded"
is_left_out() {
  local name=$\{1##*/} path=$\{1#./} expression
  while IFS= read -r expression; do
    if [ -n "$expression" ] && { [[ $name =~ ^$expression$ ]] || [[ $path =~ ^$expression$ ]]; }; then return 0; fi
  done <<< "$excluded"
  return 1
}
is_archive() { [ -f "$1" ] && [ -s "$1" ] && tar -tf "$1" > /dev/null 2>&1; }
copy_folder() {
  folder "$2"
  local list
  list=$(mktemp) || exit 1
  (cd -- "$1" && find . -mindepth 1 -regextype posix-extended \( -false "$\{leave[@]}" \) -prune -o -mindepth 1 -print0) > "$list" || exit 1
  tar -C "$1" -c "$\{whose[@]}" --numeric-owner $\{mode:+"--mode=$mode"} --no-recursion --null --verbatim-files-from -T "$list" -f - |
    tar -C "$2" -x -p "$same" --no-overwrite-dir --keep-directory-symlink -f -
  local codes="$\{PIPESTATUS[*]}"
  rm -f -- "$list"
  case $codes in *[1-9]*) exit 1 ;; esac
}
copy_file() {
  folder "$(dirname -- "$2")"
  if [ -d "$2" ] && [ ! -L "$2" ]; then fail "$2 is a folder, and $1 is a file."; fi
  cp -a "$kept" --remove-destination -- "$1" "$2" && give "$2" || exit 1
  if [ -n "$mode" ]; then chmod "$mode" -- "$2" || exit 1; fi
}
unpack() {
  folder "$2"
  tar -C "$2" -x -p "$same" --no-overwrite-dir --keep-directory-symlink -f "$1" || exit 1
}
into=
case $target in */) into=yes ;; esac
if [ "$\{#found[@]}" -gt 1 ] || [ -d "$target" ]; then into=yes; fi
target=$\{target%/}
for source in "$\{found[@]}"; do
  if is_left_out "$source"; then continue; fi
  from=./$source place=$target
  # A link that is named itself is followed, as long as it stays within.
  if [ -L "$source" ]; then
    real=$(readlink -f -- "$source")
    case $real in "$context"/*) from=$real ;; esac
  fi
  if [[ $how == *' parents '* ]]; then
    below=$\{source#./}
    case $source in */./*) below=$\{source##*/./} ;; esac
    if [ -d "$from" ] && [ ! -L "$from" ]; then place=$target/$below; else place=$target/$(dirname -- "$below"); fi
    into=yes
  fi
  if [ -d "$from" ] && [ ! -L "$from" ]; then
    copy_folder "$from" "$\{place:-/}"
  elif [[ $how == *' unpack '* ]] && is_archive "$from"; then
    unpack "$from" "$\{place:-/}"
  elif [ -n "$into" ]; then
    copy_file "$from" "$place/$(basename -- "$source")"
  else
    copy_file "$from" "$place"
  fi
done
`.replaceAll('\\{', '{');
