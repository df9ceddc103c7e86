const rules: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[private key removed]'],
  [/\b(ak|rk)_[A-Za-z0-9_-]{6,}/g, '$1_[removed]'],
  [/\b(Bearer)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 [removed]'],
  [/([?&](?:tkn|token|access_token|api_key)=)[^&\s"'<>]+/gi, '$1[removed]'],
  [/((?:SESSION_API_KEY|RUNLOOP_API_KEY|X-Session-API-Key)["']?\s*[:=]\s*["']?)[^\s"',;]+/gi, '$1[removed]'],
];

/**
 * Removes keys, bearer tokens, tunnel and VS Code tokens and private keys from a text that goes to a log, an
 * output channel or an error.
 *
 * @param secrets further values known to be secret (for example the session key); those under 6 characters are
 *   ignored, as removing them would shred ordinary text.
 */
export function redact(text: string, secrets: Iterable<string> = []): string {
  let result = text;
  for (const secret of secrets) {
    if (secret.length >= 6) result = result.replaceAll(secret, '[removed]');
  }
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement);
  return result;
}
