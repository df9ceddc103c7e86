/**
 * What COPY does, run inside the build's sandbox, so that a link in a build context leads nowhere else.
 * Arguments: the context's folder, the target, octal permissions or nothing, an owner or nothing, then what to copy. A folder's contents are
 * copied, not the folder itself; wildcards match names that begin with a dot too.
 */
export const copyScript = String.raw`
context=$1 target=$2 mode=$3 owner=$4
shift 4
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
# What the context's maker was is nobody's affair here.
if [ -n "$owner" ]; then whose=--preserve=ownership; else whose=--no-preserve=ownership; fi
case $target in */) folder=yes ;; esac
if [ "$\{#found[@]}" -gt 1 ] || [ -d "$target" ]; then folder=yes; fi
for source in "$\{found[@]}"; do
  from=./$source
  if [ -n "$mode$owner" ]; then
    stage=$(mktemp -d) || exit 1
    cp -a --no-preserve=ownership -- "$source" "$stage/copy" || exit 1
    if [ -n "$owner" ]; then chown -hR -- "$owner" "$stage/copy" || exit 1; fi
    if [ -n "$mode" ]; then chmod -R "$mode" -- "$stage/copy" || exit 1; fi
    from=$stage/copy
  fi
  if [ -d "$source" ] && [ ! -L "$source" ]; then
    # A folder that COPY makes is as the copied one is; one that is there stays whose it is.
    if [ ! -e "$target" ]; then mkdir -p -- "$target" && if [ -n "$owner" ]; then chown -- "$owner" "$target"; fi || exit 1; fi
    find "$from" -mindepth 1 -maxdepth 1 -exec cp -a $whose -t "$target/" -- {} + || exit 1
  elif [ -n "$folder" ]; then
    mkdir -p -- "$target" && cp -a $whose --remove-destination -- "$from" "$target/$(basename -- "$source")" || exit 1
  else
    mkdir -p -- "$(dirname -- "$target")" && cp -a $whose --remove-destination -- "$from" "$target" || exit 1
  fi
  if [ -n "$mode$owner" ]; then rm -rf -- "$stage"; fi
done
`.replaceAll('\\{', '{');
