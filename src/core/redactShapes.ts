import { withoutAssignments, withoutCredentials } from './secrets/assignments';
import { withoutCommandSecrets } from './secrets/commandSecrets';
import { withoutPrivateKeys } from './secrets/privateKeys';
import { withoutBlocks, withoutPlaced } from './secrets/secretPlaces';
import { withoutTokens } from './secrets/tokenShapes';

// A tunnel's address: whoever has it is in, where the tunnel asks for no token.
const tunnelAddress = /\b(\d{1,5}-)[A-Za-z0-9]{16,}(?=\.tunnel\.)/g;
const connectionToken = /(connection[-_]?token["']?(?:\s*[:=]\s*|\s+)["']?)[^\s"',;&]+/gi;

/**
 * Removes what looks like a secret by itself: `redact` without further values, in a file of its own, as much of what is read at
 * activation needs no more.
 */
export function redactShapes(text: string): string {
  const shown = withoutAssignments(
    withoutCredentials(withoutCommandSecrets(withoutPlaced(withoutTokens(withoutBlocks(withoutPrivateKeys(text)))))),
  );
  const named = /connection/i.test(shown) ? shown.replace(connectionToken, '$1[removed]') : shown;
  return named.includes('.tunnel.') ? named.replace(tunnelAddress, '$1[removed]') : named;
}
