import { withoutAssignments, withoutCredentials } from './secrets/assignments';
import { withoutPrivateKeys } from './secrets/privateKeys';
import { secretForms, ValueMatcher } from './secrets/secretValues';
import { withoutTokens } from './secrets/tokenShapes';

// A tunnel's address: whoever has it is in, where the tunnel asks for no token.
const tunnelAddress = /\b(\d{1,5}-)[A-Za-z0-9]{16,}(?=\.tunnel\.)/g;
const connectionToken = /(connection[-_]?token["']?(?:\s*[:=]\s*|\s+)["']?)[^\s"',;&]+/gi;

/**
 * Removes what looks like a secret from a text that goes to a log, an output channel, a report or an error: private
 * keys, tokens of well-known forms, the values of what is called a password, a token or a key, and what stands before
 * the host in an address.
 *
 * @param secrets further values known to be secret (for example the session key), removed in every form of theirs;
 *   those under 6 characters are ignored, as removing them would shred ordinary text.
 */
export function redact(text: string, secrets: Iterable<string> = []): string {
  const forms = secretForms(secrets);
  return redactShapes(forms.length === 0 ? text : new ValueMatcher(forms).remove(text));
}

/** {@link redact} without further values: what looks like a secret by itself. */
export function redactShapes(text: string): string {
  const shown = withoutAssignments(withoutCredentials(withoutTokens(withoutPrivateKeys(text))));
  const named = /connection/i.test(shown) ? shown.replace(connectionToken, '$1[removed]') : shown;
  return named.includes('.tunnel.') ? named.replace(tunnelAddress, '$1[removed]') : named;
}
