import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Secrets } from '../account/limitedSecrets';
import type { AddressMemory } from '../../core/vscode/loopbackForwarder';
import type { Log } from '../messages/log';
import { PortFiles } from './portNotes';
import { sharedSecret } from '../../ground/sharedSecret';

const secretName = 'runloop.vscodeAddresses';

/** Which account's devboxes a window serves, as part of their addresses: keys change, the address of an API does not. */
export function accountName(account: { readonly usesLocal: boolean; baseUrl(): string }): string {
  return account.usesLocal ? 'local' : account.baseUrl();
}

/** What makes the addresses of VS Codes the same after a reload, and in all windows. */
export async function addressMemory({
  account,
  secrets,
  folder,
  log,
}: {
  readonly account: { readonly usesLocal: boolean; baseUrl(): string };
  readonly secrets: Secrets;
  /** That all windows share. */
  readonly folder: string;
  readonly log: Log;
}): Promise<AddressMemory> {
  const files = new PortFiles(folder, log);
  return {
    secret: await secretOf(secrets, folder, log),
    account: () => accountName(account),
    port: (name) => files.port(name),
    note: (name, port, instead) => files.note(name, port, instead),
  };
}

/** Without a keyring that works, addresses last as long as the window. */
async function secretOf(secrets: Secrets, folder: string, log: Log): Promise<string> {
  const made = randomBytes(32).toString('hex');
  const file = join(folder, 'secret.turn');
  try {
    return await sharedSecret(secrets, { name: secretName, form: /^[0-9a-f]{64}$/, made, file });
  } catch (error) {
    log.failure('Keeping what addresses are made from', error);
    return made;
  }
}
