/**
 * Fetches what ADD names by an address, inside the build's sandbox and so by its network policy only.
 * Arguments: the folder to put it into, the SHA-256 that it must have or nothing, a word if repositories stay ones, then addresses. Files of the web are for
 * their owner only, as Docker makes them; repositories are cloned, at what follows a `#`, with a folder behind a colon.
 */
export const fetchScript = String.raw`
folder=$1 checksum=$2 keep=$3
shift 3
mkdir -p -- "$folder" && cd -- "$folder" || exit 1
count=0
for address in "$@"; do
  place=$(mktemp -d "./$count-XXXXXXXX") || exit 1
  count=$((count + 1))
  bare=$\{address%%#*} name=
  case $bare in
    git@* | git://* | ssh://* | *.git | *.git/ | *.git\?*)
      command -v git > /dev/null || { echo "ADD: a repository needs git on this computer." >&2; exit 1; }
      reference= below=
      case $address in *#*) reference=$\{address#*#} ;; esac
      case $reference in *:*) below=$\{reference#*:} reference=$\{reference%%:*} ;; esac
      # The same by name, behind a question mark.
      asked=
      case $bare in *\?*) asked=$\{bare#*\?} bare=$\{bare%%\?*} ;; esac
      stays=$keep
      while [ -n "$asked" ]; do
        one=$\{asked%%&*}
        case $asked in *\&*) asked=$\{asked#*&} ;; *) asked= ;; esac
        case $one in
          ref=* | branch=* | tag=* | commit=*) reference=$\{one#*=} ;;
          subdir=*) below=$\{one#subdir=} below=$\{below#/} ;;
          keep-git-dir | keep-git-dir=1 | keep-git-dir=true) stays=yes ;;
          keep-git-dir=0 | keep-git-dir=false) stays= ;;
          *) echo "ADD: $one is not known of a repository. There are ref, branch, tag, commit, subdir and keep-git-dir." >&2; exit 1 ;;
        esac
      done
      case /$below/ in */../*) echo "ADD: $below leads out of the repository." >&2; exit 1 ;; esac
      GIT_TERMINAL_PROMPT=0 git clone --quiet -- "$bare" "$place/clone" || exit 1
      if [ -n "$reference" ]; then git -C "$place/clone" checkout --quiet "$reference" || exit 1; fi
      if [ -z "$stays" ]; then rm -rf -- "$place/clone/.git"; fi
      mkdir repositories 2> /dev/null; mv -T -- "$place" "repositories/$count" && mkdir -- "$place" && mv -- "repositories/$count/clone$\{below:+/$below}" "$place/repository" || exit 1
      ;;
    *)
      name=$\{bare%%\?*} name=$\{name%/} name=$\{name##*/}
      case $name in '' | *:*) echo "ADD: $address names no file." >&2; exit 1 ;; esac
      umask 077
      if command -v curl > /dev/null; then
        curl -fsSL -o "$place/$name" -- "$address" || exit 1
      elif command -v wget > /dev/null; then
        wget -q -O "$place/$name" -- "$address" || exit 1
      elif command -v python3 > /dev/null; then
        python3 -c 'import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as answer, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(answer, file)' "$address" "$place/$name" || exit 1
      else
        echo "ADD: an address needs curl, wget or python3 on this computer." >&2
        exit 1
      fi
      umask 022
      if [ -n "$checksum" ]; then
        if ! echo "$checksum  $place/$name" | sha256sum --check --status; then
          echo "ADD: $address has another checksum than the one that is given." >&2
          exit 1
        fi
      fi
      ;;
  esac
done
`.replaceAll('\\{', '{');
