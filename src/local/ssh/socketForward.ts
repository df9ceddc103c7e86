import type { ServerChannel } from 'ssh2';
import type { Devbox } from '../devbox/devbox';
import { DevboxError } from '../errors';
import type { SandboxProcess } from '../sandbox/sandbox';
import { joinBridge } from './joinBridge';

/** Connects to a Unix socket of the devbox, as VS Code's Remote-SSH does when it is to use no ports. */
export function forwardToSocket(accept: () => ServerChannel, reject: () => void, path: string, devbox: Devbox): void {
  let bridge: SandboxProcess;
  try {
    bridge = devbox.requireRun().launchSocketBridge(path);
  } catch (error) {
    if (!(error instanceof DevboxError)) {
      throw error;
    }
    reject();
    return;
  }
  const { stdout, stderr } = bridge;
  stderr.resume();
  const refused = (): void => reject();
  stdout.once('end', refused);
  stdout.once('data', (first: Buffer) => {
    stdout.removeListener('end', refused);
    joinBridge(accept(), bridge, first, () => devbox.touch());
  });
}
