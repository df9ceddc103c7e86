/**
 * How a command of a Dockerfile becomes whom USER named, run as root inside the build's sandbox, since only the disk that
 * is being built knows the name. Every name in it is one that no ENV sets.
 * Arguments: the program setpriv, the user and the group as names or numbers (no group: the user's own), `keep` if HOME
 * is not to be changed, the working folder, then the command.
 */
export const stepUserScript = String.raw`
__devbox_setpriv=$1 __devbox_user=$2 __devbox_group=$3 __devbox_keep=$4
cd -- "$5" || exit 1
shift 5
__devbox_uid= __devbox_gid=0 __devbox_home=/ __devbox_name=
case $__devbox_user in *[!0-9]*) ;; *) __devbox_uid=$__devbox_user ;; esac
while IFS=: read -r __devbox_known _ __devbox_number __devbox_primary _ __devbox_place _; do
  if [ "$__devbox_known" = "$__devbox_user" ] || [ "$__devbox_number" = "$__devbox_user" ]; then
    __devbox_uid=$__devbox_number __devbox_gid=$__devbox_primary __devbox_home=$__devbox_place __devbox_name=$__devbox_known
    break
  fi
done < /etc/passwd
if [ -z "$__devbox_uid" ]; then
  echo "USER: there is no user $__devbox_user. Make it with a RUN before." >&2
  exit 1
fi
__devbox_all=$__devbox_gid __devbox_sudo= __devbox_names=" $__devbox_name #$__devbox_uid ALL "
while IFS=: read -r __devbox_known _ __devbox_number __devbox_members; do
  case ,$__devbox_members, in
    *,"$__devbox_name",*) __devbox_all=$__devbox_all,$__devbox_number __devbox_names="$__devbox_names%$__devbox_known " ;;
  esac
  if [ "$__devbox_number" = "$__devbox_gid" ]; then __devbox_names="$__devbox_names%$__devbox_known "; fi
  if [ "$__devbox_known" = sudo ]; then __devbox_sudo=$__devbox_number; fi
  if [ -n "$__devbox_group" ] && [ "$__devbox_known" = "$__devbox_group" ]; then __devbox_group=$__devbox_number; fi
done < /etc/group
case $__devbox_group in
  '') ;;
  *[!0-9]*) echo "USER: there is no group $__devbox_group." >&2; exit 1 ;;
  *) __devbox_gid=$__devbox_group __devbox_all=$__devbox_group ;;
esac
# Whom sudoers names is let in as the members of the group are, whatever they may run and with what password.
for __devbox_file in /etc/sudoers /etc/sudoers.d/*; do
  if [ -z "$__devbox_sudo" ] || [ ! -f "$__devbox_file" ]; then continue; fi
  while read -r __devbox_known __devbox_rules || [ -n "$__devbox_known" ]; do
    case $__devbox_names in *" $__devbox_known "*) ;; *) continue ;; esac
    case $__devbox_rules in *=*) __devbox_all=$__devbox_all,$__devbox_sudo __devbox_sudo=; break ;; esac
  done < "$__devbox_file"
done
if [ "$__devbox_keep" != keep ]; then export HOME=$__devbox_home; fi
export USER=$__devbox_name LOGNAME=$__devbox_name
# Where npm installs to is each user's own, and root's the system; what the Dockerfile says stays.
case $NPM_CONFIG_PREFIX in
  /home/*/.local) if [ "$__devbox_uid" = 0 ]; then unset -v NPM_CONFIG_PREFIX; else export NPM_CONFIG_PREFIX=$__devbox_home/.local; fi ;;
esac
if [ "$__devbox_uid" = 0 ] && [ "$__devbox_gid" = 0 ]; then exec "$@"; fi
exec "$__devbox_setpriv" --reuid "$__devbox_uid" --regid "$__devbox_gid" --groups "$__devbox_all" -- "$@"
`;

/**
 * Makes a folder, and gives what is new of it to a user, as Docker does: root otherwise.
 * Arguments: the folder, the user and the group as names or numbers (no user: nobody is given anything).
 */
export const folderScript = String.raw`
path=$1 user=$2 group=$3
missing=() at=$path
while [ ! -e "$at" ] && [ ! -L "$at" ]; do missing+=("$at"); at=$(dirname -- "$at"); done
mkdir -p -- "$path" || exit 1
if [ -z "$user" ] || [ "$\{#missing[@]}" = 0 ]; then exit 0; fi
uid= gid=
case $user in *[!0-9]*) ;; *) uid=$user gid=$user ;; esac
while IFS=: read -r name _ number primary _; do
  if [ "$name" = "$user" ]; then uid=$number gid=$primary; break; fi
done < /etc/passwd
if [ -n "$group" ]; then
  gid=$group
  while IFS=: read -r name _ number _; do if [ "$name" = "$group" ]; then gid=$number; fi; done < /etc/group
fi
if [ -z "$uid" ]; then echo "WORKDIR: there is no user $user. Make it with a RUN before." >&2; exit 1; fi
chown -- "$uid:$gid" "$\{missing[@]}"
`.replaceAll('\\{', '{');

/**
 * Makes the devbox's user, whom the image does not have: in front of others of its number, so that the number is its.
 * Arguments: its name, its number or nothing where there is one user only, its home folder.
 */
export const userScript = String.raw`
name=$1 uid=$2 home=$3
mkdir -p -- "$home" || exit 1
if [ -z "$uid" ]; then exit 0; fi
lines=() own="$name:*:$uid:$uid::$home:/bin/bash"
while IFS= read -r line; do
  IFS=: read -r known _ number _ <<< "$line"
  if [ "$known" = "$name" ]; then exit 0; fi
  if [ -n "$own" ] && [ "$number" = "$uid" ]; then lines+=("$own") own=; fi
  lines+=("$line")
done < /etc/passwd
if [ -n "$own" ]; then lines+=("$own"); fi
printf '%s\n' "$\{lines[@]}" > /etc/passwd
lines=() own="$name:x:$uid:"
while IFS= read -r line; do
  IFS=: read -r known _ number members <<< "$line"
  if [ "$known" = "$name" ] || [ "$number" = "$uid" ]; then own=; fi
  if [ "$known" = sudo ]; then line="$known:x:$number:$members$\{members:+,}$name"; fi
  lines+=("$line")
done < /etc/group
if [ -n "$own" ]; then lines+=("$own"); fi
printf '%s\n' "$\{lines[@]}" > /etc/group
chown -- "$uid:$uid" "$home"
`.replaceAll('\\{', '{');
