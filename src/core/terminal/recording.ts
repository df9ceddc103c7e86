import { deadline } from '../../ground/deadline';
import { runCommand } from '../platform/runCommand';
import { asOwn } from '../platform/ownExecutions';
import type { RunloopApi } from '../platform/runloopApi';
import type { ShellToRecord } from './innerShell';

/*
 * What a session prints is recorded in the devbox, so that what came while nobody was connected can be shown later. `script`
 * (util-linux 2.35 or newer) gives it to a reader that keeps the last two pieces of it, in a folder of the user alone.
 */

/** Bytes of a piece; two of them at the most are kept. */
const pieceBytes = 4_000_000;
/** Bytes of a recording that are read at the most: its end. */
const mostReplayed = 256 * 1024;
/** Milliseconds that reading a recording may take. */
const readMs = 15_000;
/** Days after which what a session has left, whose end was sudden, is removed. */
const keptDays = 7;

/**
 * Shell code that takes what a program prints and gives what that switches in the terminal, a line each: the latest of each
 * kind, in its order, with a blank in front of its last letter. It has neither single quotes nor backslashes in it.
 */
const switches =
  `{ E=$(printf "\\033"); LC_ALL=C grep -aoE "$E[[]([?][0-9;]*[hl]|>[0-9;]*m)|$E[=>]" | sed "s/[hl]$/ &/" | ` +
  'cat -n | tac | sort -s -u -k2,2 | sort -n -k1,1 | cut -f2; }';

/** Below the home folder. */
const folder = '.cache/runloop-vscode/terminals';

/** Of one session. In it each shell has a folder of its own: one that ends late takes nothing away from the one that came after it. */
function folderOf(name: string): string {
  return `"$HOME/${folder}/${name}"`;
}

/**
 * Code for any POSIX shell that goes on with a recorded one, and never returns; where that cannot be, it does nothing. It has
 * no single quotes in it, which shells that are none read in ways of their own.
 *
 * @param name of the session: letters, digits, `-` and `_`
 * @param ready shell code that is run right before the first byte is recorded
 * @param shell the one that is recorded; `$D` is its folder, and `$F` the same in a way that needs no quotes once it is run
 */
export function recordedShell(name: string, ready: string, { prepared, start }: ShellToRecord): string {
  const reader =
    `IFS= read -r _; k=0; while stdbuf -o0 head -c ${pieceBytes} >"$D/$k" && [ -s "$D/$k" ]; ` +
    // What the first pieces have switched is in force until it is switched back: a program that has the whole screen, say.
    `do { tr -d " " <"$D/modes"; cat "$D/$((k-2))"; } 2>/dev/null | ${switches} >"$D/modes+"; mv "$D/modes+" "$D/modes"; ` +
    // Without room, or a folder, nobody could tell any more what is missing: then there is none, and the shell goes on.
    'rm -f "$D/$((k-2))"; k=$((k+1)); done; rm -rf "$D"/[0-9]*; cat >/dev/null';
  return (
    `P=${folderOf(name)}; D="$P/$$"; F="~/${folder}/${name}/$$"; command -v stdbuf >/dev/null && script --help 2>&1 | grep -q -e --log-out && ` +
    // What a shell that ends has emptied goes in between.
    `(umask 077; { mkdir -p "$D" || mkdir -p "$D"; } && cd "$P/.." && find . -mindepth 1 -maxdepth 1 -mtime +${keptDays} -exec rm -rf {} + ; ` +
    'rm -f "$D"/* && mkfifo "$D/in") 2>/dev/null && ' +
    '{ gone() { rm -rf "$D"; rmdir "$P" 2>/dev/null; }; trap gone EXIT; trap "exit 129" HUP TERM; ' +
    `(trap "" HUP INT TSTP; trap - EXIT TERM; umask 077; { ${reader}; } <"$D/in") & ${prepared}; ${ready}; ` +
    // A shell that stops itself (SIGSTOP) stops `script` too, and nobody could let either go on: it goes on at once.
    `set -m 2>/dev/null; script -qfe -O "$D/in" -c "${start}"; e=$?; ` +
    'while [ $e = 147 ]; do fg >/dev/null 2>&1; e=$?; done; set +m; wait; exit $e; }'
  );
}

/** The end of what a session has printed. */
export interface Recorded {
  readonly bytes: Buffer;
  /** How many bytes it has printed in all; `bytes` are the last of these. */
  readonly end: number;
  /** What was switched in the terminal by what is wanted and comes no more: the other screen, keys, the mouse. */
  readonly switched: string;
}

/**
 * Reads what a session has printed from a byte on, with one execution.
 *
 * @param from the first byte that is wanted; where it is further back than {@link mostReplayed}, the last ones come
 * @returns undefined if there is no recording
 * @throws RuntimeError
 */
export async function readRecording(
  api: RunloopApi,
  devboxId: string,
  { name, from, signal }: { readonly name: string; readonly from: number; readonly signal: AbortSignal },
): Promise<Recorded | undefined> {
  const command = [
    `cd ${folderOf(name)} 2>/dev/null && cd "$(ls -td -- */ | head -n 1)" 2>/dev/null || exit 3`,
    'k=-1; for f in [0-9]*; do [ "$f" -gt $k ] 2>/dev/null && k=$f; done; [ $k -ge 0 ] || exit 3',
    `a=$((k > 0 ? k - 1 : 0)); l=$((a * ${pieceBytes})); e=$((k * ${pieceBytes} + $(wc -c <$k))); b=${from}`,
    `[ $((e - b)) -gt ${mostReplayed} ] && b=$((e - ${mostReplayed}))`,
    '[ $b -lt $l ] && b=$l; [ $b -gt $e ] && b=$e; echo "$b $e"',
    'cat $(seq $a $k) | tail -c +$((b - l + 1)) | head -c $((e - b)) | base64 -w0',
    `echo; f=$((${from} > l ? ${from} - l : 0)); [ $b -le ${from} ] || ` +
      `{ [ $f -gt 0 ] || tr -d ' ' <modes; cat $(seq $a $k) | head -c $((b - l)) | tail -c +$((f + 1)); } | ${switches} | ` +
      "tr -d ' \n' | base64 -w0",
  ].join('; ');
  const { exitStatus, stdout } = await runCommand(api, devboxId, asOwn(command), { signal: deadline(readMs, signal) });
  const [numbers = '', data = '', modes = ''] = stdout.split('\n');
  const [begin, end] = numbers.split(' ').map(Number);
  if (exitStatus !== 0 || begin === undefined || end === undefined) return undefined;
  const bytes = Buffer.from(data.trim(), 'base64');
  const switched = Buffer.from(modes.trim(), 'base64').toString('latin1');
  return Number.isSafeInteger(end) && bytes.length === end - begin ? { bytes, end, switched } : undefined;
}

/**
 * Where live output begins in a recording.
 *
 * @param live what has come live until after the recording was read
 * @param least so many bytes of it had come before the recording was read, and must be in it
 * @returns undefined if nobody can tell: it is not in it, or may be at more than one place
 */
export function placeIn(recorded: Buffer, live: Buffer, least: number): number | undefined {
  // As a rule all that was recorded has come: the recording ends within the live output.
  const places: number[] = [];
  for (let length = least; length <= Math.min(live.length, recorded.length) && places.length < 2; length += 1) {
    const at = recorded.length - length;
    if (recorded.compare(live, 0, length, at) === 0) places.push(at);
  }
  if (places.length > 0) return places.length === 1 ? places[0] : undefined;
  const probe = live.subarray(0, 4096);
  const at = recorded.indexOf(probe);
  return at < 0 || recorded.indexOf(probe, at + 1) >= 0 ? undefined : at;
}
