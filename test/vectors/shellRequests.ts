import { type Vector, input, run, vector } from './vector';

/** Shells that are entered from the shell, with what leaves them. */
const shells: Readonly<Record<string, string>> = {
  bash: 'bash',
  'bash --norc': 'bash --norc',
  'a login shell': 'bash -l',
  'a shell of another name': 'exec -a other bash --norc',
  'exec bash': 'exec bash',
  su: 'su',
  'su to a shell': 'su -s /bin/bash root',
  newgrp: 'newgrp',
  'an environment shell': 'bash -c "export IN_ENVIRONMENT=1; exec bash"',
};

/** As `poetry shell` and `pipenv shell` do it: a terminal within the terminal. OpenHands loses its way in it. */
const ownTerminal = { 'a shell on a terminal of its own': 'script -qc "bash --norc" /dev/null' };

const within = ([name, command]: readonly [string, string]): Vector =>
  vector(
    `nested: ${name}`,
    run(`cd {dir}; outer=1`),
    run(command, {}, 4),
    run('inner=2; echo "one two"', {}, 4),
    run('(exit 3)', {}, 4),
    run('cd /usr', {}, 4),
    run('printf "a\\nb\\n"', {}, 4),
    run('echo "$inner"', {}, 4),
    run('no-such-program', {}, 4),
    run('sleep 30', {}, 1),
    input('C-c', 4),
    ...(name === 'exec bash' || name === 'a shell of another name' ? [] : [run('exit', {}, 4)]),
    run('echo "${outer-none}"; cd {dir}', {}, 4),
  );

const interpreters: readonly Vector[] = [
  vector(
    'nested: the prompt of Node',
    run('NODE_NO_READLINE=1 node -i', {}, 2.5),
    input('let x = 6', 1.5),
    input('x * 7', 1.5),
    input('.exit'),
    run('echo "after $?"'),
  ),
  vector(
    'nested: Python within bash',
    run('bash --norc', {}, 4),
    run('python3 -q', {}, 2.5),
    input('print(6 * 7)', 1.5),
    input('exit()'),
    run('echo "still in $SHLVL" > /dev/null; echo in'),
    run('exit', {}, 4),
    run('echo out'),
  ),
  vector(
    'nested: one in the other',
    run('bash --norc', {}, 4),
    run('bash --norc', {}, 4),
    run('echo deep'),
    run('exit', {}, 4),
    run('echo less deep'),
    run('exit', {}, 4),
    run('echo out'),
  ),
  vector(
    'nested: a shell that ends by itself',
    run('bash --norc -c "echo ran; exit 4"'),
    run('bash --norc -ic "echo interactive; exit 5"'),
    run('echo "echo piped; exit 6" | bash'),
    run('bash <<< "echo given"'),
    run('echo out'),
  ),
  vector(
    'nested: su to a login shell, which forgets the prompt',
    // It has no prompt that is known, so silence ends it: the time for all of it must leave the shell more than a second to come.
    run('su -', {}, 20),
    run('echo in', {}, 4),
    input('C-d', 4),
    run('echo out'),
  ),
];

/** Shells and interpreters within the shell. */
export const shellVectors: readonly Vector[] = [
  ...Object.entries(shells).map(within),
  ...interpreters,
  ...Object.entries(ownTerminal).map(within),
];
