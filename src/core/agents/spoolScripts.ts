import { quote } from '../../ground/shellWords';
import { agentsProblem } from '../problems/agents';
import { noDetails, type Problem } from '../problems/problem';

/*
 * What runs in the devbox for a spool. Arguments come by standard input, each ended by NUL. The folder is the agent's own
 * user's, so that what is in it may have been changed by the agent: numbers are looked at before they are counted with, and a
 * file is opened where it is a regular one, as a pipe or a device would hold whoever opens it, and read within a bound.
 */

/** Where sessions are, below the home of a devbox's user. */
export const sessionsFolder = '.runloop-agents/sessions';

/** Bytes that are kept of what an agent says, of its log, of what it is told, and of the lines about that. */
export const mostKept = {
  out: 256 * 1024 * 1024,
  err: 8 * 1024 * 1024,
  in: 64 * 1024 * 1024,
  ledger: 32 * 1024 * 1024,
} as const;

/**
 * What scripts begin with. A process that `pid` names is the agent's only if it leads a group of its own and was started by the
 * holder of this spool, which says so by its words, or by the agent's variable where the holder has been killed: a signal goes to no other.
 */
export const prelude = `LC_ALL=C; export LC_ALL; umask 077
arg() { IFS= read -r -d '' "$1"; }
print_fields() { printf '%s\\0' "$@"; }
number() { case $1 in '' | *[!0-9]* | ????????????????*) return 1 ;; esac; }
size() { stat -Lc %s -- "$1" 2>/dev/null || printf 0; }
is_plain() { local one; for one in "$@"; do [ ! -e "$one" ] || [ -f "$one" ] || return 1; done; }
look_at() { local s=; began= parent= group=; IFS= read -r -d '' s <"/proc/$1/stat"; s=\${s##*) }; set -- $s; [ "\${1-Z}" = Z ] || began=\${20} parent=$2 group="$3 $4"; } 2>/dev/null
is_ours() { local words= one; mapfile -d '' -t -n 5 words <"/proc/$parent/cmdline"; [ "\${words[3]}/\${words[4]##*/}" != "agent/$2" ] || return 0
  mapfile -d '' -t words <"/proc/$1/environ"; for one in "\${words[@]}"; do [ "$one" != "RUNLOOP_AGENT_SESSION=$2" ] || return 0; done; return 1; } 2>/dev/null
is_running() { local at=\${1-$PWD} line= p b; pid=; [ -f "$at/pid" ] && { IFS= read -r -d '' -n 60 line <"$at/pid"; read -r p b <<<"$line"; } 2>/dev/null
  number "$p" && [ "$p" -gt 1 ] && look_at "$p" && [ -n "$began" ] && [ "$began" = "$b" ] && [ "$group" = "$p $p" ] && is_ours "$p" "\${at##*/}" && pid=$p; }
`;

/**
 * Holds the agent: keeps what it says within limits, and notes how it ended when all of that is written. What it says comes in
 * pieces, and `dd` counts a piece as a whole block: it stops early, and is started again until nothing came.
 */
const holder = `${prelude}cd -- "$1" || exit 1
spool=$PWD cwd=$2 mostOut=$3 mostErr=$4; shift 4
mkfifo in.pipe out.pipe err.pipe
tail -c +1 -s 0.05 -f in >in.pipe 2>/dev/null & feeder=$!
keep() { local have was=-1
  while have=$(size "$1"); [ "$have" -lt "$2" ] && [ "$have" -gt "$was" ]; do was=$have
    dd bs=64K count=$(($2 - have)) iflag=count_bytes oflag=append conv=notrunc of="$1" status=none || return
  done; }
keep out "$mostOut" <out.pipe & writer=$!
{ keep err "$mostErr"; cat >/dev/null; } <err.pipe & logger=$!
(cd -- "$cwd" && RUNLOOP_AGENT_SESSION=\${spool##*/} exec setsid "$@") <in.pipe >out.pipe 2>err.pipe & agent=$!
# Until it leads its group.
for ((i = 0; i < 500; i++)); do look_at "$agent"; [ -n "$began" ] && [ "$group" != "$agent $agent" ] || break; sleep 0.01; done
printf '%s %s\\n' "$agent" "$began" >pid.new; mv pid.new pid
{ wait_for() { while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; }; wait_for "$writer"
  [ "$(size out)" -lt "$mostOut" ] || { : >full; kill -KILL -- "-$agent" 2>/dev/null; }; } & judge=$!
wait "$agent"; code=$?
kill -KILL -- "-$agent" 2>/dev/null
for ((i = 0; i < 20; i++)); do kill -0 "$writer" 2>/dev/null || break; sleep 0.05; done
kill "$feeder" "$writer" "$logger" 2>/dev/null; wait "$writer" "$judge" 2>/dev/null
rm -f in.pipe out.pipe err.pipe
printf '%s\\n' "$code" >ended.new; mv ended.new ended
`;

/** Whether a spool has a process, or is about to: a fresh one has none yet, and one of the future is of another clock. */
export const isActive = `is_active() { local at=\${1-$PWD}; [ ! -e "$at/ended" ] && if [ -e "$at/pid" ]; then is_running "$at"; else [ -n "$(find "$at/mark" -newermt '60 seconds ago' ! -newermt '60 seconds' 2>/dev/null)" ]; fi; }
`;

/**
 * spool, working directory, the most that is kept of its output and of its log, a mark, the first session that it goes on with or
 * nothing, the command's words → `started`; or `exists` and the name of the spool that is there or runs instead; or `busy`
 */
export const startScript = `${prelude}${isActive}arg spool; arg cwd; arg mostOut; arg mostErr; arg mark; arg root; words=()
while arg word; do words+=("$word"); done
all=\${spool%/*}; mkdir -p -- "$all" && chmod 700 -- "$all" || exit 3
if [ -n "$root" ]; then
  is_plain "$all/.lock" || exit 3; exec 9>>"$all/.lock"; flock -w 10 9 || { print_fields busy; exit 0; }
  while IFS= read -r one; do ! (cd -- "$all/$one" 2>/dev/null && is_active) || { print_fields exists "$one"; exit 0; }; done < <(
    printf '%s\\n' "$root"; cd -- "$all" && find . -mindepth 2 -maxdepth 2 -type f -name root -size -2k -exec grep -lxF -- "$root" {} + | sed 's|^\\./||; s|/root$||')
fi
mkdir -- "$spool" 2>/dev/null || { [ -d "$spool" ] || exit 3; print_fields exists "\${spool##*/}"; exit 0; }
cd -- "$spool" && : >in && : >out && : >err && : >ledger && printf '%s' "$mark" >mark && printf '%s' "$root" >root || exit 3
setsid -f bash -c ${quote(holder)} agent "$spool" "$cwd" "$mostOut" "$mostErr" "\${words[@]}" </dev/null >/dev/null 2>&1 9>&-
for ((i = 0; i < 100; i++)); do [ -e pid ] || [ -e ended ] && break; sleep 0.05; done
print_fields started`;

/**
 * Puts right what somebody was ended in the midst of. A line without its end is none, and its frame was not told; of one that was
 * ended between its line and its frame the frame is still there.
 */
const finishFrame = `finish_frame() {
  local last off len have; last=$(tail -n 1 ledger; printf .)
  case $last in *$'\\n.') ;; *) [ "$noted" = 0 ] && return; noted=$((noted - $(tail -n 1 ledger | wc -c))); truncate -s "$noted" ledger || exit 3; last=$(tail -n 1 ledger) ;; esac
  IFS=$'\\t' read -r _ _ _ _ off len _ <<<"$last"
  number "$off" && number "$len" || return 0
  have=$(size in); [ "$have" -ge "$off" ] && [ "$have" -lt $((off + len)) ] && [ "$(size pending)" = "$len" ] || return 0
  tail -c +$((have - off + 1)) pending >>in
}
`;

/**
 * spool, key, what else the ledger says before and after where the frame is, the frame's length, the most of all frames, then the
 * frame itself (or nothing: then the part of that key is it) → `written`, `taken` and the line of who was first, `ended`, `full`, `busy`
 */
export const appendScript = `${prelude}${finishFrame}arg spool; arg key; arg before; arg after; arg length; arg most
cd -- "$spool" || { print_fields none; exit 0; }
is_plain lock in ledger && [ -f in ] && [ -f ledger ] || { print_fields none; exit 0; }
exec 9>>lock; flock -w 10 9 || { print_fields busy; exit 0; }
noted=$(size ledger); [ "$noted" -lt ${mostKept.ledger} ] || { print_fields full; exit 0; }
# What is sent is kept in no pipe or device.
for one in pending "part.$key"; do is_plain "$one" || rm -f -- "$one"; done
finish_frame
first=$(grep -m 1 -F -- $'\\t'"$key"$'\\t' ledger)
[ -z "$first" ] || { print_fields taken "$first"; exit 0; }
[ ! -e ended ] && is_running || { print_fields ended; exit 0; }
offset=$(size in); [ $((offset + length)) -le "$most" ] || { print_fields full; exit 0; }
if [ -e "part.$key" ]; then mv -f -- "part.$key" pending; else cat >pending; fi || exit 3
[ "$(size pending)" = "$length" ] || { print_fields short; exit 0; }
printf '%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' $(($(wc -l <ledger) + 1)) "$key" "$before" "$offset" "$length" "$after" >>ledger ||
  { truncate -s "$noted" ledger; exit 3; }
cat pending >>in || exit 3
print_fields written`;

/** spool → nothing: the agent, if it runs, is told the rest of what somebody was ended in the midst of telling */
export const finishScript = `${prelude}${finishFrame}arg spool; cd -- "$spool" && is_plain lock pending && [ -f in ] && [ -f ledger ] || exit 0
exec 9>>lock; flock -w 10 9 && noted=$(size ledger) && [ "$noted" -lt ${mostKept.ledger} ] && [ ! -e ended ] && is_running && finish_frame; exit 0`;

/**
 * Perl, where a devbox has it. Lines of a token, words and a frame → `a`, the token, and `written`, `taken` and the line of who was
 * first, or `no`: then {@link appendScript} is to do it, or to say why not. Under the same lock and in the same order, but no
 * process is started for it.
 */
const teller = String.raw`$| = 1; print "t\n";
sub put { my ($mode, $name, $text) = @_; open my $to, $mode, $name or return 0; my $put = syswrite $to, $text; close $to and defined $put and $put == length $text }
sub has { my ($name, $word, $at) = @_; open my $of, '<', $name or return 0; local $/; my @all = split /\0/, <$of> // ''; defined $at ? ($all[$at - 1] // '') eq 'agent' && ($all[$at] // '') =~ m{(?:^|/)\Q$word\E$} : grep { $_ eq $word } @all }
sub is_running { my $spool = shift; open my $from, '<', 'pid' or return 0; read $from, my $line, 60; my ($pid, $began) = split ' ', $line // ''; defined $began and $pid =~ /^\d{1,9}$/ and $pid > 1 or return 0;
  open my $of, '<', "/proc/$pid/stat" or return 0; local $/; my $stat = <$of> // ''; $stat =~ s/.*\) //s; my @fields = split ' ', $stat;
  ($fields[0] // 'Z') ne 'Z' and $fields[19] eq $began and "@fields[2,3]" eq "$pid $pid" and (has("/proc/$fields[1]/cmdline", $spool, 4) or has("/proc/$pid/environ", "RUNLOOP_AGENT_SESSION=$spool")) }
sub told { my ($spool, $key, $who, $at, $length, $digest, $request, $seal, $most, $frame) = @_;
  defined $frame and $spool =~ /^[A-Za-z0-9-]+$/ and length($frame) + 1 == $length and chdir "$sessions/$spool" or return 'no';
  -f $_ or return 'no' for qw(lock ledger in pid); (-s 'ledger') < $mostLedger or return 'no';
  open my $lock, '>>', 'lock' or return 'no'; my $tries = 50;
  until (flock $lock, 6) { $tries-- or return 'no'; select undef, undef, undef, 0.01 }
  open my $from, '<', 'ledger' or return 'no'; my @lines = <$from>; my ($offset, $last) = (0, 0);
  !@lines or $lines[-1] =~ /\n$/ or return 'no'; for (@lines) { if (index($_, "\t$key\t") >= 0) { s/\n//; return "taken $_" } }
  if (@lines) { ($offset, $last) = (split /\t/, $lines[-1])[4, 5]; "$offset,$last" =~ /^\d{1,15},\d{1,15}$/ or return 'no' }
  my $size = (stat 'ledger')[7]; $offset += $last;
  !-e 'ended' and is_running($spool) and $offset == (stat 'in')[7] and $offset + $length <= $most and (!-e 'pending' or -f 'pending') or return 'no';
  put '>', 'pending', "$frame\n" or return 'no';
  put '>>', 'ledger', join("\t", @lines + 1, $key, $who, $at, $offset, $length, $digest, $request, $seal) . "\n" or do { truncate 'ledger', $size; return 'no' };
  put('>>', 'in', "$frame\n") ? 'written' : 'no' }
while (<STDIN>) { chomp; my ($words, $frame) = split /\t/, $_, 2; my ($token, @words) = split /\|/, $words, -1; @words == 9 or @words = (''); print "a $token ", told(@words, $frame), "\n" }`;

/** Seconds that a process in the devbox watches: one that nobody can end any more ends by itself. */
export const watchSeconds = 110;

/**
 * Prints a line when the records of sessions have changed, and when there is a new one; at its beginning, too. What it is told
 * it tells agents. One that was ended with all that holds it notes nothing, so that it is looked whether it runs.
 */
export const watchScript = `${prelude}cd ~/${sessionsFolder} 2>/dev/null || { echo n; sleep 2; exit 0; }
exec 5< <(exec sleep ${watchSeconds + 10} 2>/dev/null 4<&-); never=$!
PERL5OPT= PERL_UNICODE= perl -e ${quote(`alarm ${watchSeconds + 10}; $sessions = shift; $mostLedger = ${mostKept.ledger}; ${teller}`)} "$PWD" <&4 5<&- 2>/dev/null & teller=$!
last=; known=; second=; declare -A missed; SECONDS=0
while [ "$SECONDS" -lt ${watchSeconds} ]; do
  set -- */pid
  [ "$*" = "$known" ] || { known=$*; echo n; }
  now=$(stat -c '%n %s' */out */ledger */ended 2>/dev/null)
  [ "$now" = "$last" ] || { last=$now; echo c; }
  if [ "$second" != "$SECONDS" ]; then
    second=$SECONDS
    # A name is never in unset, nor within an arithmetic expression: both would run what it has in $(…).
    for one in "$@"; do one=\${one%/pid} count=\${missed[x$one]}
      if [ ! -f "$one/pid" ] || [ -e "$one/ended" ]; then missed[x$one]=
      elif is_running "$one"; then missed[x$one]=0
      elif [ -n "$count" ]; then
        # How it ended is noted a moment after that.
        if [ "$count" -lt 3 ]; then missed[x$one]=$((count + 1)); else missed[x$one]=; echo c; fi
      fi
    done
  fi
  # A wait that costs no process: nothing ever comes from there.
  read -rt 0.05 -u 5 || [ $? -gt 128 ] || sleep 0.1
done
kill "$never" "$teller"`;

/** spool, key, offset, then bytes → nothing; the same bytes again change nothing */
export const partScript = `${prelude}arg spool; arg key; arg offset
cd -- "$spool" && number "$offset" || exit 3
is_plain "part.$key" || rm -f -- "part.$key"
dd bs=64K of="part.$key" seek="$offset" oflag=seek_bytes conv=notrunc iflag=fullblock status=none || exit 3`;

/**
 * spool, where to read on in the output and in the ledger, the most bytes of both → state, exit code, 1 if the output is full,
 * its inode, sizes of output, log, frames and ledger, how much of ledger and output follows; then those, the ledger first
 */
export const readScript = `${prelude}arg spool; arg from; arg ledgerFrom; arg most; arg mostLedger
number "$from" && number "$ledgerFrom" && number "$most" && number "$mostLedger" && cd -- "$spool" || { print_fields none '' '' '' 0 0 0 0 0 0; exit 0; }
! is_plain lock || { exec 9>>lock; flock -s -w 10 9; }
state=running code= full=
if [ -e ended ]; then state=ended; [ ! -f ended ] || IFS= read -r -d '' -n 3 code <ended; code=\${code//[!0-9]/}; elif ! is_running; then state=gone; fi
[ ! -e full ] || full=1
outSize=0 errSize=0 inSize=0 ledgerSize=0 inode= out=0 ledger=0
# One process for all of them: this runs for each thing that an agent says.
while read -r name bytes node; do
  case $name in out) outSize=$bytes inode=$node ;; err) errSize=$bytes ;; in) inSize=$bytes ;; ledger) ledgerSize=$bytes ;; esac
done < <(exec stat -Lc '%n %s %i' out err in ledger 2>/dev/null)
[ "$outSize" -le "$from" ] || out=$((outSize - from)); [ "$out" -le "$most" ] || out=$most
[ "$ledgerSize" -le "$ledgerFrom" ] || ledger=$((ledgerSize - ledgerFrom)); [ "$ledger" -le "$mostLedger" ] || ledger=$mostLedger
print_fields "$state" "$code" "$full" "$inode" "$outSize" "$errSize" "$inSize" "$ledgerSize" "$ledger" "$out"
[ "$ledger" = 0 ] || tail -c +$((ledgerFrom + 1)) ledger 2>/dev/null | head -c "$ledger"
[ "$out" = 0 ] || tail -c +$((from + 1)) out 2>/dev/null | head -c "$out"; exit 0`;

/** spool, `in`, `out` or `err`, offset, the most bytes → those bytes */
export const sliceScript = `${prelude}arg spool; arg name; arg from; arg most
number "$from" && number "$most" && cd -- "$spool" || exit 3
[ ! -f "$name" ] || tail -c +$((from + 1)) -- "$name" | head -c "$most"; exit 0`;

/** spool, how many bytes of the output → their SHA-256 */
export const digestScript = `${prelude}arg spool; arg most; cd -- "$spool" && [ -f out ] || exit 0
head -c "$most" out | sha256sum | cut -d ' ' -f 1`;

/** spool → nothing: the agent is ended with all that it has started in its group */
export const endScript = `${prelude}arg spool; cd -- "$spool" || exit 0
is_running || exit 0
kill -TERM -- "-$pid" 2>/dev/null
for ((i = 0; i < 40; i++)); do [ -e ended ] && exit 0; sleep 0.05; done
is_running && kill -KILL -- "-$pid" 2>/dev/null
for ((i = 0; i < 40; i++)); do [ -e ended ] && exit 0; sleep 0.05; done
exit 0`;

/** Why nothing was done, by the word of a script. */
export function refusalOf(said: string | undefined): Problem {
  if (said === 'ended') return agentsProblem('agent_ended');
  if (said === 'full') return agentsProblem('agent_spool_full');
  if (said === 'none') return agentsProblem('agent_spool_missing');
  if (said === 'busy') return agentsProblem('agent_spool_busy');
  return agentsProblem('agent_spool_failed', { why: said ?? noDetails });
}

/** The first fields of an answer, each ended by NUL, and what follows them. */
export function headOf(bytes: Buffer, count: number): { readonly fields: readonly string[]; readonly rest: Buffer } {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < count) {
    const end = bytes.indexOf(0, at);
    if (end < 0) break;
    fields.push(bytes.subarray(at, end).toString());
    at = end + 1;
  }
  return { fields, rest: bytes.subarray(at) };
}
