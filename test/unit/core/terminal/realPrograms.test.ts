import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { TerminalSession } from '../../../../src/core/terminal/terminalSession';
import type { TerminalState } from '../../../../src/core/terminal/terminalState';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';

/** What a program is given, each when what was seen since the last says so and nothing more comes. */
interface Step {
  readonly after: string;
  readonly keys: string;
}

interface Program {
  readonly name: string;
  readonly command: string;
  readonly steps?: readonly Step[];
}

/** Ten programs as people use them; what they print depends on nothing but their keys and the terminal. */
const programs: readonly Program[] = [
  { name: 'ls', command: 'ls -la --color=always --time-style=+ --full-time /usr/share/zoneinfo/Etc' },
  { name: 'grep', command: 'grep -n --color=always -E "[aeiou]{2}" text; grep -c . text' },
  {
    name: 'bytes that are no text',
    command: 'awk "BEGIN { for (i = 1; i < 256; i++) printf \\"%c\\", i }" | cat -u; cat bytes',
  },
  {
    name: 'a progress bar',
    command:
      'for i in $(seq 0 100); do printf "\\r\\033[32m[%-50s] %3d %%\\033[0m" "$(printf "#%.0s" $(seq 0 $((i / 2))))" $i; done',
  },
  {
    name: 'less',
    command: 'less text',
    steps: [
      { after: 'line 29 of', keys: ' ' },
      { after: 'line 57 of', keys: '/line 77\r' },
      { after: 'line 100', keys: 'q' },
    ],
  },
  {
    name: 'vim',
    command: 'vim -u NONE -i NONE -n -N text',
    steps: [
      { after: 'line 28 ', keys: 'ohello w\u00f6rld \u20ac\u001b' },
      { after: '\u20ac', keys: ':set number\r' },
      { after: ' 3 ', keys: 'G' },
      { after: 'ou, ea', keys: ':q!\r' },
    ],
  },
  {
    name: 'the line editor of bash',
    command: 'PS1="> " bash --norc --noprofile -i',
    steps: [
      { after: '> ', keys: 'echo one tw\u00f6' },
      { after: 'tw\u00f6', keys: '\u0001\u001b[C\u001b[C\u0004x\u0005 three\r' },
      { after: 'three\r\n', keys: 'exit\r' },
    ],
  },
  {
    name: 'a password prompt',
    command: 'read -rsp "Password: " p; echo; echo "${#p} characters"',
    steps: [{ after: 'Password: ', keys: 'secr\u00e9t\r' }],
  },
  { name: 'git', command: 'git --no-pager diff --no-index --color=always text other' },
  { name: 'sed, in a flood', command: 'seq 200000 | sed -e "s/1/\\x1b[31m1\\x1b[0m/g" -e "s/2/\u20ac/g"' },
];
const setUp =
  'export TERM=xterm-256color LANG=C.UTF-8 LC_ALL=C.UTF-8 HOME=/nonexistent LS_COLORS= LESS= LESSHISTFILE=- SHELL=/bin/sh; unset COLORTERM; ' +
  'd=$(mktemp -d) && cd "$d" && for i in $(seq 200); do echo "line $i of a text with \u20ac and ou, ea"; done >text && ' +
  'sed s/7/seven/ text >other && printf "\\377\\376\\303(\\360\\237\\230" >bytes && stty rows 30 cols 100';

/** Somebody at a terminal. */
interface Typist {
  readonly write: (keys: string) => void;
  readonly seen: () => string;
}

/** What a program printed, from its start to its end. */
async function used({ write, seen }: Typist, { command, steps = [] }: Program): Promise<string> {
  const from = seen().length;
  const begin = 'BEGIN-OF-IT\r\n';
  const text = `stty -echo; printf '%s\\n' BEGIN-'OF-IT'; stty echo; ${command}; printf '%s\\n' END-'OF-IT'\r`;
  write(text);
  const begun = (): string => seen().slice(from).split(begin)[1] ?? '';
  let at = 0;
  for (const { after, keys } of steps) {
    await quiet(() => begun().slice(at), after);
    at = begun().length;
    write(keys);
  }
  await eventually(
    () => Promise.resolve(begun()),
    (all) => all.includes('END-OF-IT\r\n'),
    30_000,
  );
  return begun().split('END-OF-IT\r\n')[0] ?? '';
}

/** Waits until something was seen and nothing more has come for a while: a key in between would change what is drawn. */
async function quiet(seen: () => string, wanted: string): Promise<void> {
  let last = '';
  await eventually(
    async () => {
      last = seen();
      await new Promise((resolve) => setTimeout(resolve, 400));
      return seen();
    },
    (now) => now.includes(wanted) && now === last,
    30_000,
  );
}

describe('What real programs print', function () {
  this.timeout(180_000);
  const platform = usePlatform();

  it('comes through a terminal as on a pty of this computer, byte for byte', async () => {
    const api = new RunloopApi({ apiKey: platform.platform.apiKey, baseUrl: platform.platform.baseUrl });
    const { id } = await api.devboxes.create({ name: 'programs' }, { requestId: crypto.randomUUID() });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    let text = '';
    const states: TerminalState[] = [];
    const session = new TerminalSession({
      api,
      devboxId: id,
      name: 'programs',
      isKnown: false,
      folder: undefined,
      tunnelUrlTemplate: undefined,
      ended: new AbortController().signal,
      onOutput: (part) => (text += part),
      onState: (state) => states.push(state),
      onFailure: (error) => assert.fail(String(error)),
    });
    session.start({ cols: 100, rows: 30 });
    const local = spawn('script', ['-qfec', 'bash --norc --noprofile -i', '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let localText = '';
    const decoder = new TextDecoder();
    local.stdout.on('data', (bytes: Buffer) => (localText += decoder.decode(bytes, { stream: true })));
    const typists: readonly Typist[] = [
      { write: (keys) => void session.write(keys), seen: () => text },
      { write: (keys) => void local.stdin.write(keys), seen: () => localText },
    ];
    try {
      await eventually(
        () => Promise.resolve(states.at(-1)?.kind),
        (kind) => kind === 'open',
      );
      await Promise.all(typists.map((one) => used(one, { name: '', command: setUp })));
      const unequal: string[] = [];
      for (const program of programs) {
        const [ours = '', theirs = ''] = await Promise.all(typists.map((one) => used(one, program)));
        assert.ok(theirs.length > 20, program.name);
        if (ours !== theirs) unequal.push(`${program.name}: ${JSON.stringify(differing(ours, theirs))}`);
      }
      assert.deepEqual(unequal, []);
    } finally {
      session.dispose();
      local.kill();
    }
  });
});

function differing(a: string, b: string): readonly string[] {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return [String(at), a.slice(at, at + 80), b.slice(at, at + 80)];
}
