import type { ActionExecutionClient } from '../actionExecutionClient';
import { isRunObservation } from '../observation';

/**
 * Quotes a text as one word for bash, of plain ASCII on one line: what is not harmless is written by its bytes, so that
 * neither bash nor a terminal in between can make anything else of it.
 */
function byteQuote(text: string): string {
  const bytes = [...Buffer.from(text, 'utf8')].map((byte) => {
    const letter = String.fromCharCode(byte);
    return /[A-Za-z0-9 @._-]/.test(letter) ? letter : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${bytes.join('')}'`;
}

/**
 * Sets git's global identity, byte for byte (D13). Empty values leave git alone.
 *
 * @returns false if git did not take it, which is no reason to fail, as with upstream
 */
export async function setGitIdentity(
  client: ActionExecutionClient,
  identity: { readonly name: string; readonly email: string },
  signal?: AbortSignal,
): Promise<boolean> {
  const commands = Object.entries(identity)
    .filter(([, value]) => value !== '')
    .map(([key, value]) => `git config --global user.${key} ${byteQuote(value)}`);
  if (commands.length === 0) return true;
  const args = { command: commands.join(' && '), hidden: true, blocking: true };
  const observation = await client.runAction({ action: 'run', args, timeout: 60 }, signal);
  return isRunObservation(observation) && observation.exitCode === 0;
}
