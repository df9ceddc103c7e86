import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { asObject, parseJson } from '../../parse';

const cipher = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
/** Milliseconds for which a message is taken: it goes between two windows of one computer. */
const validMs = 30_000;

/** Messages that only windows with the same secret can write and read. */
export class Sealed {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'messages between windows', 32));
  }

  seal(message: Readonly<Record<string, unknown>>): string {
    const iv = randomBytes(ivBytes);
    const sealing = createCipheriv(cipher, this.#key, iv);
    const text = Buffer.from(JSON.stringify({ ...message, atMs: Date.now() }), 'utf8');
    const sealed = Buffer.concat([sealing.update(text), sealing.final()]);
    return Buffer.concat([iv, sealing.getAuthTag(), sealed]).toString('base64');
  }

  /** @returns undefined for what nobody with the secret has written lately */
  open(sealed: string): Readonly<Record<string, unknown>> | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < ivBytes + tagBytes) return undefined;
    const opening = createDecipheriv(cipher, this.#key, bytes.subarray(0, ivBytes));
    opening.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
    let text: string;
    try {
      text = Buffer.concat([opening.update(bytes.subarray(ivBytes + tagBytes)), opening.final()]).toString('utf8');
    } catch {
      return undefined;
    }
    const message = asObject(parseJson(text));
    const atMs = message?.['atMs'];
    return typeof atMs === 'number' && Math.abs(Date.now() - atMs) < validMs ? message : undefined;
  }
}
