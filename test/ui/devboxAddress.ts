import { createHash } from 'node:crypto';

/** The address of the root of a devbox's files, as the extension makes it for an account. */
export function rootAddress(account: { readonly baseUrl: string; readonly apiKey: string }, devboxId: string): string {
  const word = createHash('sha256').update(`${account.baseUrl}\n${account.apiKey}`).digest('hex').slice(0, 8);
  return `runloop://${devboxId.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.${word}/`;
}
