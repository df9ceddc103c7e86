/**
 * What COPY does, run inside the build's sandbox, so that a link in a build context leads nowhere else.
 * Arguments: the context's folder, the target, octal permissions or nothing, then what to copy. A folder's contents are
 * copied, not the folder itself; wildcards match names that begin with a dot too.
 */
export const copyScript = String.raw`
context=$1 target=$2 mode=$3
shift 3
shopt -s dotglob nullglob
IFS=
cd -- "$context" || exit 1
found=()
for pattern in "$@"; do
  if [ -e "$pattern" ] || [ -L "$pattern" ]; then
    found+=("$pattern")
    continue
  fi
  matches=($pattern)
  if [ "$\{#matches[@]}" = 0 ]; then
    echo "COPY: there is no $pattern in the build context." >&2
    exit 1
  fi
  found+=("$\{matches[@]}")
done
folder=
case $target in */) folder=yes ;; esac
if [ "$\{#found[@]}" -gt 1 ] || [ -d "$target" ]; then folder=yes; fi
for source in "$\{found[@]}"; do
  from=$source
  if [ -n "$mode" ]; then
    stage=$(mktemp -d) || exit 1
    cp -a --no-preserve=ownership -- "$source" "$stage/copy" && chmod -R "$mode" -- "$stage/copy" || exit 1
    from=$stage/copy
  fi
  if [ -d "$source" ] && [ ! -L "$source" ]; then
    mkdir -p -- "$target" && cp -a --no-preserve=ownership -- "$from/." "$target/" || exit 1
  elif [ -n "$folder" ]; then
    mkdir -p -- "$target" && cp -a --no-preserve=ownership --remove-destination -- "$from" "$target/$(basename -- "$source")" || exit 1
  else
    mkdir -p -- "$(dirname -- "$target")" && cp -a --no-preserve=ownership --remove-destination -- "$from" "$target" || exit 1
  fi
  if [ -n "$mode" ]; then rm -rf -- "$stage"; fi
done
`.replaceAll('\\{', '{');
