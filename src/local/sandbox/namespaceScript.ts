/**
 * The shell script that builds a devbox's file system view inside fresh namespaces and then stays as its first process.
 * Arguments: the devbox's folder on the host, the kind of namespaces (`users` with many users, `user` with one, `root`
 * without a user namespace), the most processes (0 where the
 * kernel cannot tell devboxes apart), the size of /dev/shm in bytes, the host's `ip` program where the network is the
 * devbox's own (else nothing), the folders that the devbox may change for itself as `path:name` pairs with the names of
 * their layers, the program setpriv where there are several users (else nothing), the folder that says what the devbox must
 * not see of this computer's, the devbox's host name, the program Perl and the number of the call mount (else nothing), how
 * many folders of its control group
 * there are, so many pairs of such a folder and its place below /sys/fs/cgroup, then pairs of a host path and the path where the devbox sees it read-only.
 */
export const namespaceScript = String.raw`
set -eu
umask 022
# From the pivot on, a path of this computer's would be one that the devbox can fill.
PATH=\${PATH#"$1"/run/devbox/bin:}
root=$1 kind=$2 processes=$3 shared=$4 ip=$5 layers=$6 setpriv=$7 mask=$8 name=$9
shift 9
perl=$1 call=$2 groups=$3
shift 3
# /proc is still the host's, so this is the process id as the platform knows it.
read -r host_pid _ < /proc/self/stat

if [ -n "$ip" ]; then
  "$ip" link set lo up
  # Root of the devbox is not root of its network, and may serve port 80 all the same.
  echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start || true
fi 2>/dev/null

# Memory, queues and semaphores of System V outlive every process and belong to none: the namespace itself holds them to a size.
{
  echo "$((shared / $(getconf PAGESIZE || echo 4096)))" > /proc/sys/kernel/shmall
  echo 1024 > /proc/sys/kernel/msgmni
  echo '32000 128000 500 1024' > /proc/sys/kernel/sem
} 2>/dev/null || true

# A namespace of control groups made in here would show the devbox its own group, or the platform's where it has none, with
# the files that set limits and end all that is in it; whoever started the platform, whom the devbox calls root, may own
# them. (Of these users only; the computer's own setting stays.)
if [ "$kind" != root ]; then echo 0 > /proc/sys/user/max_cgroup_namespaces; fi

# Of what all devboxes share with whoever started the platform one has half at most. Of namespaces the kernel gives a user half
# as many of each kind as all programs may have threads.
if [ "$kind" = user ]; then
  share() { if read -r most < "/proc/sys/$1"; then echo "$((most / $2))" > "/proc/sys/user/$3" || true; fi; }
  for what in instances watches; do share "fs/inotify/max_user_$what" 2 "max_inotify_$what"; done
  for what in user mnt pid net ipc uts time; do share kernel/threads-max 4 "max_\${what}_namespaces"; done
fi 2>/dev/null

# Where there is no such program the name stays this computer's.
hostname "$name" 2>/dev/null || echo "$name" > /proc/sys/kernel/hostname || true
read -r boot < /proc/sys/kernel/random/uuid

# Many mounts at once, in one program instead of one for each. Takes triples: what is bound, which is nothing where it is
# there already, the place, and the options.
bind_all() {
  if [ -n "$perl" ]; then
    "$perl" -e '
      my ($none, $call, %flags) = ("", shift, ro => 1, nosuid => 2, nodev => 4, noexec => 8);
      local $/ = "\0";
      chomp(my @words = <STDIN>);
      while (my ($source, $place, $options) = splice(@words, 0, 3)) {
        my $flags = 0;
        $flags |= $flags{$_} || 0 for split(/,/, $options);
        ($source eq "" || syscall($call, $source, $place, $none, 4096, $none) == 0)
          && ($flags == 0 || syscall($call, $none, $place, $none, 4128 | $flags, $none) == 0) or die "$place: $!\n";
      }' "$call"
  else
    while IFS= read -r -d '' source && IFS= read -r -d '' place && IFS= read -r -d '' options; do
      if [ -n "$source" ]; then mount --bind "$source" "$place"; fi
      if [ -n "$options" ]; then mount -o "remount,bind,$options" "$place"; fi
    done
  fi
}

mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
# Paths in what the kernel tells of mounts are as they are given here: from the devbox's own folder.
mkdir run/devbox/mask run/devbox/nowhere
: > run/devbox/nothing
echo "$boot" > run/devbox/boot_id
mount --bind "$mask" run/devbox/mask
# What is below a folder of this computer's: the devbox's layer comes above it, and between them what hides things.
below() { if [ -d "run/devbox/mask/$1" ]; then echo "run/devbox/mask/$1:/$1"; else echo "/$1"; fi; }

# The host's system folders. Merged-usr systems have symlinks here, which the devbox's folder has as well.
# Without a user namespace what enters has this computer's rights until its second program has taken them away: then the
# devbox must not put another folder there either, with another loader in it, and nobody can move a mount.
for name in bin sbin lib lib32 lib64 libx32; do
  if [ "$kind" = root ] && [ -L "/$name" ] && [ -d "/$name" ]; then rm -f "$name"; elif [ -L "/$name" ] || [ ! -d "/$name" ]; then continue; fi
  [ -d "$name" ] || mkdir -p "$name"
  mount --rbind "/$name" "$name"
done
# A layer over a host folder takes what is written; the host's folder stays as it is. Where the kernel or the disk cannot
# do that (nor for a folder in which something else is mounted), the folder is only shown. Programs and what they are loaded
# with come from the layers last of all, and where the devbox has no more rights than it will keep: until then, what is run
# here is this computer's.
changeable=' '
STAGED=
if [ -n "$layers" ]; then
  mount -t tmpfs -o mode=755,size=64k layers run/devbox/layers
  mkdir run/devbox/layers/usr run/devbox/layers/etc
fi
for pair in $layers; do
  path=\${pair%:*} name=\${pair#*:}
  layer=.layers/$name place=$path
  case $name in usr | etc) place=run/devbox/layers/$name ;; esac
  if [ -d "$layer" ] && mount -t overlay -o "userxattr,lowerdir=$(below "$path"),upperdir=$layer/upper,workdir=$layer/work" devbox "$place"; then
    changeable="$changeable$place "
    if [ "$place" != "$path" ]; then STAGED="$STAGED $name"; fi
  fi
done 2>/dev/null
# Something else that is mounted in it would be missing in a layer.
inside=
while read -r _ _ _ _ point _; do case $point in /etc/*) inside=yes ;; esac; done < /proc/self/mountinfo
masked=$changeable
# Below the devbox's own layer too: what is mounted there later leaves it where it is.
if [ -z "$inside" ] && [ -d run/devbox/mask/etc ] && mount -t overlay -o "userxattr,lowerdir=run/devbox/etc:$(below etc)" devbox etc 2>/dev/null; then
  masked="$masked etc "
fi
# One that is the devbox's own, since there was nothing to show in this computer's.
own=
if [ -n "$layers" ] && [ -d .layers ] && [ ! -d .layers/opt ]; then own=opt; fi
for name in usr etc opt nix gnu var/lib/ca-certificates; do
  case "$changeable $masked" in *" $name "*) continue ;; esac
  if [ "$name" = "$own" ]; then continue; fi
  if [ -d "/$name" ]; then
    [ -d "$name" ] || mkdir -p "$name"
    mount --rbind "/$name" "$name"
  fi
done
# Without layers that hide things, something empty lies above each.
while IFS= read -r -d '' path; do
  top=\${path%%/*}
  if [ "$top" = "$own" ]; then continue; fi
  if [ -d "run/devbox/mask/$top" ]; then case $masked in *" $top "* | *" run/devbox/layers/$top "*) continue ;; esac; fi
  case $masked in *" run/devbox/layers/$top "*) path=run/devbox/layers/$path ;; esac
  if [ -L "$path" ]; then
    continue
  elif [ -d "$path" ]; then
    printf '%s\0' run/devbox/nowhere "$path" ''
  elif [ -f "$path" ]; then
    printf '%s\0' run/devbox/nothing "$path" ''
  fi
done < run/devbox/mask/covers | bind_all
umount run/devbox/mask
# Of the kernel's view of the computer there is what programs look at to know what they may use; all else, its devices and
# its numbers among it, is the computer's business.
mount -t tmpfs -o mode=755,size=64k sys sys
seen='devices/system/cpu devices/system/node kernel/mm/hugepages kernel/mm/transparent_hugepage'
(cd sys && mkdir -p block bus class dev/block dev/char firmware fs/cgroup module power $seen)
for name in $seen; do
  if [ -d "/sys/$name" ]; then printf '%s\0' "/sys/$name" "sys/$name" ''; fi
done | bind_all
# Of the control groups the devbox sees its own at most; the others tell of other devboxes and of the computer.
if [ -d /sys/fs/cgroup ]; then
  mount -t tmpfs -o mode=755,size=64k groups sys/fs/cgroup
  places=()
  for ((at = 2; at <= 2 * groups; at += 2)); do places+=("sys/fs/cgroup/\${!at}"); done
  [ "$groups" = 0 ] || mkdir -p "\${places[@]}"
  for place in "\${places[@]}"; do
    mount --bind -o ro,nosuid,nodev,noexec "$1" "$place"
    shift 2
  done
else
  shift "$((2 * groups))"
fi
if [ -d .layers ]; then mount -t tmpfs -o mode=700,size=4k layers .layers; fi
# Where the resolver's file is a link out of /etc, its target has to exist too.
resolver=
if [ -L /etc/resolv.conf ] || [ -L /etc ]; then resolver=$(readlink -f /etc/resolv.conf || true); fi
case $resolver in
  '' | /etc/* | /usr/*) ;;
  *)
    if [ -f "$resolver" ]; then
      mkdir -p ".\${resolver%/*}"
      : > ".$resolver"
      mount --bind "$resolver" ".$resolver"
    fi
    ;;
esac
while [ $# -gt 1 ]; do
  if [ -d "$1" ]; then
    [ -d ".$2" ] || mkdir -p ".$2"
  elif [ ! -e ".$2" ]; then
    parent=.\${2%/*}
    [ -d "$parent" ] || mkdir -p "$parent"
    : > ".$2"
  fi
  mount --bind "$1" ".$2"
  shift 2
done
# What the devbox knows of its users and of itself, where it cannot change what is known.
case $masked in
  *' run/devbox/layers/etc '* | *' etc '*) ;;
  *) for name in run/devbox/etc/*; do if [ -f "etc/\${name##*/}" ]; then printf '%s\0' "$name" "etc/\${name##*/}" ''; fi; done | bind_all ;;
esac
if [ -n "$setpriv" ]; then
  # What makes sudo root: for members of its group only, and in memory, so that nobody on the host finds it.
  while IFS=: read -r name _ group _; do [ "$name" != sudo ] || break; done < run/devbox/etc/group
  mount -t tmpfs -o mode=755,nodev,size=1m rights run/devbox/rights
  install -m 4750 -g "$group" "$setpriv" run/devbox/rights/setpriv
fi
# The host's own sudo cannot work without the host's users.
for program in $([[ $STAGED == *usr* ]] || echo usr/bin/sudo) $([ -L bin ] || echo bin/sudo); do
  if [ -e "$program" ]; then mount --bind run/devbox/bin/sudo "$program"; fi
done

# Everything that came from the host becomes read-only; other flags stay, or the kernel refuses.
while read -r _ _ _ _ point options _; do
  printf -v point '%b' "$point"
  case $changeable in *" \${point#"$root"/} "*) continue ;; esac
  case $point in
    "$root"/sys/fs/cgroup/*) ;;
    "$root"/*) options=\${options#r[wo]}; printf '%s\0' '' "$point" "ro$options" ;;
  esac
done < /proc/self/mountinfo | bind_all

closed=ro,nosuid,nodev,noexec
if mount -t proc -o nosuid,nodev,noexec proc proc 2>/dev/null; then
  # Of this process namespace and those below it.
  if [ "$processes" != 0 ]; then echo "$processes" > proc/sys/kernel/pid_max || true; fi 2>/dev/null
  {
    for name in sys sysrq-trigger irq bus fs acpi scsi asound driver mtrr dynamic_debug; do
      if [ -e "proc/$name" ]; then printf '%s\0' "proc/$name" "proc/$name" "$closed"; fi
    done
    # What tells this start of the computer from others, how it was started, and what its kernel keeps of all programs.
    printf '%s\0' run/devbox/boot_id proc/sys/kernel/random/boot_id "$closed"
    for name in cmdline interrupts iomem ioports kallsyms kcore key-users keys kpagecgroup kpagecount kpageflags latency_stats modules pagetypeinfo sched_debug slabinfo timer_list vmallocinfo; do
      if [ -e "proc/$name" ]; then printf '%s\0' run/devbox/nothing "proc/$name" "$closed"; fi
    done
  } | bind_all
else
  mount --rbind /proc proc
fi

private_dev() {
  mount -t tmpfs -o mode=755,nosuid,size=1m devbox dev &&
    mkdir dev/pts dev/shm &&
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts &&
    mount -t tmpfs -o mode=1777,nosuid,nodev,size="$shared" shm dev/shm &&
    for name in null zero full random urandom tty; do
      # One can write to a device that is shown read-only, but not take it away from the computer by its permissions.
      : > "dev/$name" && printf '%s\0' "/dev/$name" "dev/$name" ro
    done | bind_all &&
    cp -P run/devbox/dev/* dev
}
if ! private_dev 2>/dev/null; then
  mount --rbind /dev dev
fi

# The old root is stacked below the new one and then let go, so nothing of the host is left to see.
pivot_root . .
umount -l .
cd /

# The first process reaps orphans and lives as long as its input, the platform's pipe, is open.
export READY="ready $host_pid" STAGED
stay='
  if [ -e /run/devbox/layers/usr/bin/sudo ]; then mount --bind /run/devbox/bin/sudo /run/devbox/layers/usr/bin/sudo; fi
  # The user of its own that the package manager would take has no way to the network of some devboxes.
  apt=/run/devbox/layers/etc/apt/apt.conf.d
  if [ -d $apt ]; then rm -f $apt/99devbox; echo "APT::Sandbox::User \"root\";" > $apt/99devbox; fi
  profile=/run/devbox/layers/etc/profile.d
  if [ -d $profile ]; then rm -f $profile/zz-devbox.sh; cat /run/devbox/profile > $profile/zz-devbox.sh; fi
  for name in $STAGED; do mount --rbind /run/devbox/layers/$name /$name; done
  if [ -n "$STAGED" ]; then mount -t tmpfs -o ro,mode=700,size=4k layers /run/devbox/layers; fi
  echo "$READY"; unset READY STAGED; exec > /dev/null 2>&1; exec -a devbox "$BASH" --norc -c "while read -r _; do :; done; exit 0"'
# Mounts seen from a second user namespace are locked: nobody inside can make them writable or take them away.
case $kind in
  users) PATH=/run/devbox/bin:$PATH; exec unshare --user --map-users=0,0,65536 --map-groups=0,0,65536 --mount --uts -- "$BASH" --norc -c "$stay" ;;
  user) exec unshare --user --map-root-user --mount --uts -- "$BASH" --norc -c "$stay" ;;
esac
exec "$BASH" --norc -c "$stay"
`.replaceAll('\\${', '${');
