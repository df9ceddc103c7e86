/**
 * What runs in the devbox to tell what listens there: the kernel's own tables, as `ss` is not in every image, and a process can
 * forge its line in what `ss` prints, by its name. It says, each ended by NUL: the address that a local platform gave to the devbox, lines
 * of the tables, lines `inode pid` of who holds a listening socket, then pid and name by turns. Processes of other users are not
 * told by Linux; their ports are.
 */
export const listenersScript = `LC_ALL=C; export LC_ALL
printf '%s\\0' "\${RUNLOOP_LOCAL_BIND:-}"
lines=$(grep -hE '^ *[0-9]+: [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4} 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null | head -n 5000)
printf '%s\\0' "$lines"
[ -n "$lines" ] || { printf '\\0'; exit 0; }
wanted=$(printf '%s\\n' "$lines" | while read -r _ _ _ _ _ _ _ _ _ inode _; do printf 'socket:[%s]\\n' "$inode"; done)
held=$(find /proc/[0-9]*/fd -mindepth 1 -maxdepth 1 -lname 'socket:*' -printf '%l %h\\n' 2>/dev/null |
  grep -F "$wanted" | while read -r socket folder; do
    pid=\${folder#/proc/}; printf '%s %s\\n' "\${socket//[!0-9]/}" "\${pid%/fd}"; done | sort -u | head -n 5000)
printf '%s\\0' "$held"
printf '%s\\n' "$held" | while read -r _ pid; do [ -z "$pid" ] || printf '%s\\n' "$pid"; done | sort -un | while read -r pid; do
  name=
  IFS= read -r -d '' name < "/proc/$pid/comm" 2>/dev/null
  printf '%s\\0%s\\0' "$pid" "\${name%?}"
done
exit 0`;
