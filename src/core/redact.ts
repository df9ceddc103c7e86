import { stripControls } from './safeText';
import { redactShapes } from './redactShapes';
import { secretForms, ValueMatcher } from './secrets/secretValues';

/**
 * Removes what looks like a secret from a text that goes to a log, an output channel, a report or an error: private
 * keys, tokens of well-known forms, the values of what is called a password, a token or a key, and what stands before
 * the host in an address. Escape sequences and control characters go as well, as one may stand in the middle of a secret
 * (`grep --color` puts it there) and would hide it until somebody else removes it.
 *
 * @param secrets further values known to be secret (for example the session key), removed in every form of theirs;
 *   those under 6 characters are ignored, as removing them would shred ordinary text.
 */
export function redact(text: string, secrets: Iterable<string> = []): string {
  const forms = secretForms(secrets);
  if (forms.length === 0) return redactShapes(stripControls(text));
  const values = new ValueMatcher(forms);
  // First as it is: a value may have such characters itself.
  return redactShapes(values.remove(stripControls(values.remove(text))));
}
