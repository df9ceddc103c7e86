import { tokenFormat } from './fileFacts';

/** Seconds without a heartbeat from the window after which the process in the devbox ends by itself. */
const heartbeatTimeoutSeconds = 9;
/** The same where its input is closed, as no heartbeat can come: it ends then, and is started again as long as it is wanted. */
const closedInputSeconds = 60;
/** Files of which the versions are told when they are new; beyond, they could be more than one look tells. */
const mostVersions = 200;
/** Changes of one look that are told by their names; beyond, all is taken as changed. */
const mostTold = 500;

/**
 * What watches files in a devbox, one process for all that is looked at. By its input come fields ended by NUL: `d` a folder
 * with all below it, `s` a folder and what is in it, `f` a file, `x` a pattern of paths that are left out below `d`.
 *
 * It looks about once a second at what has changed since (by ctime, which nobody can set back), slower where a look takes long;
 * with `inotifywait`, only when that says so. Of files, the first look tells all versions: what was known before is known to be true. Descriptor 4 brings a line every few seconds: `b` (somebody still looks), or
 * other fields in base64, as `p N:PART` for all but the last part and `w N:PART`, N being a new number. It says `r 0` once it
 * watches, and `r N` for other fields, `c TOKEN PATH` of what has changed (a new line in a name is \\001), `g PATH` of a file that
 * is gone, and `*` where there is too much to tell.
 */
export const watchScript = `LC_ALL=C; export LC_ALL
clock() { us=$EPOCHREALTIME; us=\${us/./}; [ -n "$us" ] || us=$(($(date +%s%N) / 1000)); }
fields() { deep=(); flat=(); files=(); skip=(); local one
  while IFS= read -r -d '' one; do case $one in
    d*) deep+=("\${one#d}");; s*) flat+=("\${one#s}");; f*) files+=("\${one#f}");; x*) skip+=(-path "\${one#x}" -prune -o);; esac; done; }
found() { local at=$1; shift; find -H "$@" -newerct "@$at" -printf '${tokenFormat} %p\\0' 2>/dev/null; }
look() { clock; local from=$us one at=$((us - 20000))
  mapfile -t told < <({
    [ \${#flat[@]} = 0 ] || found $since "\${flat[@]}" -maxdepth 1
    [ \${#files[@]} = 0 ] || found $of_files "\${files[@]}" -maxdepth 0
    [ \${#deep[@]} = 0 ] || found $since "\${deep[@]}" "\${skip[@]}"
    } | tr '\\n\\0' '\\001\\n' | head -n ${mostTold + 1})
  if [ \${#told[@]} -gt ${mostTold} ]; then echo '*'; elif [ \${#told[@]} -gt 0 ]; then printf 'c %s\\n' "\${told[@]}"; fi
  for one in "\${files[@]}"; do
    # Not by unset, nor within an arithmetic expression: both would run what a name has in $(…).
    if [ -e "$one" ]; then gone[$one]=; elif [ -z "\${gone[$one]:-}" ]; then gone[$one]=1; printf 'g %s\\n' "\${one//$'\\n'/$'\\001'}"; fi
  done
  since=\${at:0:-6}.\${at: -6}; of_files=$since
  clock; local took=$(( (us - from) * 3 )); [ "$took" -gt 900000 ] || took=900000; [ "$took" -lt 4000000 ] || took=4000000
  printf -v pause '%d.%06d' $((took / 1000000)) $((took % 1000000)); }
unnotify() { [ -z "$np" ] || kill $np 2>/dev/null; np=; exec 5<&- 6<&-; }
notify() { unnotify; settled=$SECONDS; command -v inotifywait >/dev/null || return
  local to=(-m -q -e modify,attrib,move,create,delete,delete_self --format .)
  exec 5< /dev/null 6< /dev/null
  if [ \${#flat[@]} != 0 ] || [ \${#files[@]} != 0 ]; then exec 5< <(exec inotifywait "\${to[@]}" "\${flat[@]}" "\${files[@]}" 2>/dev/null); np=$!; fi
  if [ \${#deep[@]} != 0 ]; then exec 6< <(exec inotifywait "\${to[@]}" -r --exclude '/(node_modules|\\.git/objects)/' "\${deep[@]}" 2>/dev/null); np="$np $!"; fi; }
# Whether there may be something new: what a descriptor has is dropped; one that is at its end tells nothing any more.
has_events() { local line code=1 n
  for n in $1; do
    IFS= read -r -t 0.01 -u $n line; code=$?
    if [ $code -gt 128 ]; then continue; fi
    if [ $code != 0 ]; then unnotify; return 0; fi
    local left=5000; while [ $left -gt 0 ] && IFS= read -r -t 0.01 -u $n line; do left=$((left - 1)); done; return 0
  done; return 1; }
declare -A gone; np=; pause=0.9; number=; parts=; begun=; fields; SECONDS=0; beat=0; limit=${closedInputSeconds}; settled=0
# What is new was not looked at before: some seconds of it are told again.
back() { clock; local at=$((us - 3000000)); since=\${at:0:-6}.\${at: -6}; of_files=0; [ \${#files[@]} -le ${mostVersions} ] || of_files=$since; }
back
trap unnotify EXIT
notify; echo 'r 0'
while :; do
  open=; [ \${#flat[@]} = 0 ] && [ \${#files[@]} = 0 ] || open=5; [ \${#deep[@]} = 0 ] || open="$open 6"
  if [ -z "$np" ] || [ $((SECONDS - settled)) -lt 4 ] || has_events "$open"; then look; fi
  IFS= read -r -t "$pause" -u 4 word; code=$?; word=$begun$word; begun=
  if [ $code = 0 ]; then beat=$SECONDS; limit=${heartbeatTimeoutSeconds}
    case $word in [pw]' '*) of=\${word#? }; of=\${of%%:*}; [ "$of" = "$number" ] || { number=$of; parts=; }; parts=$parts\${word#*:};; esac
    case $word in w*) fields < <(printf %s "$parts" | base64 -d); parts=; notify; back; echo "r $number";; esac
  elif [ $code -gt 128 ]; then begun=$word; else sleep "$pause"; fi
  [ $((SECONDS - beat)) -le $limit ] || exit 0
done`;
