const rules: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[private key removed]'],
  [/\b(ak|rk)_[A-Za-z0-9_-]{6,}/g, '$1_[removed]'],
  [/\b(Bearer)\s+[A-Za-z0-9._~+/=-]+/gi, '$1 [removed]'],
  [/([?&](?:tkn|token|access_token|api_key)=)[^&\s"'<>]+/gi, '$1[removed]'],
  [
    /((?:auth_token|tunnel_token|connection[-_]?token|session_api_key)["']?(?:\s*[:=]\s*|\s+)["']?)[^\s"',;&]+/gi,
    '$1[removed]',
  ],
  // A tunnel's address: whoever has it is in, where the tunnel asks for no token.
  [/\b(\d{1,5}-)[A-Za-z0-9]{16,}(?=\.tunnel\.)/g, '$1[removed]'],
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

/** The values that are secret, in the forms in which they turn up in logs: as they are, line by line, in JSON, in URLs. */
export function secretForms(values: Iterable<string>): string[] {
  const forms = new Set<string>();
  for (const value of values) {
    for (const form of [value, ...value.split('\n'), JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]) {
      if (form.trim().length >= 6) forms.add(form.trim());
    }
  }
  // Longest first: a short one may be a part of a long one.
  return [...forms].sort((a, b) => b.length - a.length);
}

/** {@link redact} for lines that come one by one: a private key that spans lines is removed to its end. */
export class LineRedactor {
  #secrets: readonly string[];
  readonly #insideKey = new Set<string>();

  /** @param values further values known to be secret, for example those of variables that we set */
  constructor(values: Iterable<string> = []) {
    this.#secrets = secretForms(values);
  }

  /** Removes further values from now on. */
  know(values: readonly string[]): void {
    this.#secrets = secretForms([...this.#secrets, ...values]);
  }

  /** @param source keeps lines of different origin apart, as they interleave */
  redact(text: string, source: string): string {
    if (this.#insideKey.has(source)) {
      const ends = /-----END [A-Z ]*PRIVATE KEY-----/.test(text);
      // Anything but the letters of a key ends it as well: a key that was cut off must not swallow the rest.
      if (ends || !/^[A-Za-z0-9+/=:,\s.-]{0,200}$/.test(text)) this.#insideKey.delete(source);
      if (ends || this.#insideKey.has(source)) return '[private key removed]';
    }
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----(?![\s\S]*-----END )/.test(text)) this.#insideKey.add(source);
    return redact(text, this.#secrets);
  }
}
