import { randomBytes } from 'node:crypto';
import type { Secrets } from '../account/boundedSecrets';
import type { AddressMemory } from '../../core/vscode/loopbackForwarder';
import type { Log } from '../messages/log';
import type { RememberedVscodes } from './rememberedVscodes';

const secretName = 'runloop.vscodeAddresses';

/** What makes the addresses of this window's VS Codes the same after a reload. */
export async function addressMemory(
  { secrets, log }: { readonly secrets: Secrets; readonly log: Log },
  remembered: RememberedVscodes,
): Promise<AddressMemory> {
  return {
    secret: await secretOf(secrets, log),
    port: (server) => remembered.port(server),
    rememberPort: (server, port) => remembered.rememberPort(server, port),
  };
}

/** Without a keyring that works, addresses last as long as the window. */
async function secretOf(secrets: Secrets, log: Log): Promise<string> {
  const made = randomBytes(32).toString('hex');
  try {
    const known = await secrets.get(secretName);
    if (known !== undefined && /^[0-9a-f]{64}$/.test(known)) return known;
    await secrets.store(secretName, made);
    // Another window may have made one at the same time.
    return (await secrets.get(secretName)) ?? made;
  } catch (error) {
    log.failure('Keeping what addresses are made from', error);
    return made;
  }
}
