import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { diagnose } from '../../../../src/core/diagnosis/diagnosis';
import { gatherEvidence } from '../../../../src/core/diagnosis/evidence';
import { english } from '../../../../src/core/diagnosis/translator';
import { hasEnded } from '../../../../src/core/platform/devbox';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';

/** Exit codes, and the signals that a Linux means by them; other systems have other numbers for half of these. */
const signals: readonly (readonly [exitCode: number, signal: string | undefined])[] = [
  [128, undefined],
  [129, 'SIGHUP'],
  [134, 'SIGABRT'],
  [135, 'SIGBUS'],
  [137, 'SIGKILL'],
  [138, 'SIGUSR1'],
  [139, 'SIGSEGV'],
  [140, 'SIGUSR2'],
  [143, 'SIGTERM'],
  [144, 'SIGSTKFLT'],
  [145, 'SIGCHLD'],
  [146, 'SIGCONT'],
  [147, 'SIGSTOP'],
  [151, 'SIGURG'],
  [152, 'SIGXCPU'],
  [153, 'SIGXFSZ'],
  [157, 'SIGIO'],
  [158, 'SIGPWR'],
  [159, 'SIGSYS'],
  [160, undefined],
  [255, undefined],
];

describe('the signal that an exit code stands for', function () {
  this.timeout(120_000);
  const on = usePlatform();

  it('is that of the devbox, whatever this computer is', async () => {
    const { id } = await on.api.devboxes.create({ name: 'signals', entrypoint: 'exit 3' }, { requestId: 'signals' });
    await eventually(
      () => on.api.devboxes.retrieve(id),
      ({ status }) => hasEnded(status),
      40_000,
    );
    const evidence = await gatherEvidence(on.api, id);
    const { entrypointExit } = evidence;
    assert.equal(entrypointExit?.code, 3);
    for (const [code, signal] of signals) {
      const { verdict } = diagnose({ ...evidence, entrypointExit: { ...entrypointExit, code } }, english);
      const said = verdict[0] ?? '';
      assert.equal(/signal (\w+) ended a command/.exec(said)?.[1], signal, said);
    }
    // On the computer of this test the two are the same.
    assert.doesNotMatch(readFileSync('src/core/diagnosis/verdict.ts', 'utf8'), /node:os|constants\.signals/);
  });
});
