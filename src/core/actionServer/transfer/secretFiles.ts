/** Names of files that usually hold secrets, whatever folder they are in. */
const names = [
  /^\.env(?:\..+)?$/i,
  /\.env$/i,
  /\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc|gpg|tfstate)$/i,
  /^id_(?:rsa|dsa|ecdsa|ed25519)/i,
  /^\.(?:npmrc|pypirc|netrc|pgpass|htpasswd|git-credentials|dockercfg|vault-token)$/i,
  /^_netrc$/i,
  /credential/i,
  /secret/i,
  /^service[-_]?account.*\.json$/i,
  /^kubeconfig$/i,
];
/** Patterns for files that only show what such a file looks like. */
const harmless = /\.(?:example|sample|template|dist)$|^\.env\.(?:example|sample|template|dist)$/i;
/** Folders all of whose files count. */
const folders = /(?:^|\/)\.(?:ssh|aws|gnupg|azure|kube|docker|config\/gcloud)\//i;

/**
 * Whether a file looks as if it held secrets, by its path with `/`. Errs towards yes: a needless question costs less
 * than a key in somebody else's hands.
 */
export function looksSecret(path: string): boolean {
  if (folders.test(path)) return true;
  const name = path.slice(path.lastIndexOf('/') + 1);
  return !harmless.test(name) && names.some((pattern) => pattern.test(name));
}

/** Whether the text of a git configuration holds a password or a token. */
export function gitConfigHasSecret(text: string): boolean {
  return /:\/\/[^/\s@]*:[^/\s@]+@|:\/\/[^/\s:@]{20,}@|extraheader/i.test(text);
}
