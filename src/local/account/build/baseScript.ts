/**
 * Says what stands in for an image, and gives this computer's Python the names that the image has it under.
 * Arguments: the image, what is said behind the system's name, the Python's version or `-` for an image without one, the
 * image's tag, its working folder, a user that it has or nothing, then the programs that people expect in it.
 */
export const baseScript = String.raw`
image=$1 remark=$2 python=$3 tag=$4 folder=$5 user=$6
shift 6
if [ ! -d "$folder" ]; then mkdir -p -m 1777 -- "$folder"; fi
system=$(. /etc/os-release 2> /dev/null && echo "$PRETTY_NAME")
echo "This computer's own system ($\{system:-Linux}) stands in for $image$remark."
if ! command -v apt-get > /dev/null; then echo "It has no apt-get, since it is not of the Debian and Ubuntu family." >&2; fi
# Without users of their own here, everything is root's.
if [ -n "$user" ] && [ "$RUNLOOP_LOCAL_USERS" = 1 ] && ! id -- "$user" > /dev/null 2>&1; then
  useradd -m -s /bin/bash -- "$user" || echo "The user $user of $image could not be made." >&2
fi
has() { command -v "$1" > /dev/null 2>&1; }
if [ "$python" != - ] && has python3; then
  own=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null)
  program=$(command -v python3)
  case $python in '' | "$own") ;; *) echo "Its Python is $own, and that of $image is $python: what needs $python cannot be installed." >&2 ;; esac
  folder=/usr/local/lib
  if mkdir -p "$folder/python$own" 2> /dev/null; then
    [ -e /usr/local/bin/python ] || ln -s "$program" /usr/local/bin/python
    # Where Debian's own pip installs to has another name in Docker's images.
    [ -e "$folder/python$own/site-packages" ] || { mkdir -p "$folder/python$own/dist-packages" && ln -s dist-packages "$folder/python$own/site-packages"; }
    if [ -n "$python" ] && [ ! -e "$folder/python$python" ]; then ln -s "python$own" "$folder/python$python"; fi
  fi 2> /dev/null
fi
for program in "$@"; do
  case $program in
    uv)
      if ! has uv; then
        version=
        if [[ $tag =~ ^[0-9]+\.[0-9]+\.[0-9]+ ]]; then version===$\{BASH_REMATCH[0]}; fi
        python3 -m pip install --quiet --disable-pip-version-check --target /run/devbox/uv "uv$version" > /dev/null 2>&1 &&
          install /run/devbox/uv/bin/uv /run/devbox/uv/bin/uvx /usr/local/bin/
      fi
      # Dockerfiles copy this folder out of uv's images.
      if [ "$RUNLOOP_LOCAL_USERS" = 1 ]; then mkdir -p /root/.local; fi
      for name in uv uvx; do if has "$name"; then install "$(command -v "$name")" "/$name"; fi; done
      ;;
    pip)
      if ! has pip && has python3 && python3 -m pip --version > /dev/null 2>&1; then
        printf '#!/bin/sh\nexec python3 -m pip "$@"\n' > /usr/local/bin/pip && chmod 755 /usr/local/bin/pip
      fi
      ;;
  esac
  if has "$program"; then
    case $program in
      go) version=$(go version 2> /dev/null) ;;
      java) version=$(java -version 2>&1 | head -n 1) ;;
      *) version=$("$program" --version 2> /dev/null < /dev/null | head -n 1) ;;
    esac
    echo "$program is this computer's: $\{version:-of a version it does not tell}."
  else
    echo "This computer has no $program. Install it on the computer, or with apt-get in a RUN." >&2
  fi
done
exit 0
`.replaceAll('\\{', '{');
