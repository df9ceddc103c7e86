/**
 * Copies everything in a folder into another one, also trees deeper than the longest path that the system takes: what is
 * too deep is copied again from a folder further down, by way of its descriptor, from where paths are short. Arguments: the
 * two folders.
 */
export const copyTreeScript = String.raw`
copy_tree() {
  local from=$1 to=$2 said line deep
  said=$(cp -a --reflink=auto -- "$from/." "$to" 2>&1) && return 0
  while IFS= read -r line; do
    case $line in
      *'File name too long') ;;
      *) printf '%s\n' "$said" | head -n 2 >&2; return 1 ;;
    esac
  done <<< "$said"
  # Each of these is a folder whose path can still be said, and what is below it may be too deep.
  find "$from/." -xdev -regextype posix-extended -regex '.{3000,}' -prune -type d -print0 | while IFS= read -r -d '' deep; do
    deep=\${deep#"$from/./"}
    rm -rf --one-file-system -- "$to/$deep" && mkdir -- "$to/$deep" || exit 1
    ( exec 3< "$from/$deep" 4< "$to/$deep" && copy_tree /proc/self/fd/3 /proc/self/fd/4 ) || exit 1
  done
}
copy_tree "$1" "$2"
`.replaceAll('\\${', '${');
