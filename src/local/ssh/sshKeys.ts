import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { Devbox } from '../devbox/devbox';
import { codeOf } from '../errors';
import { newFileName } from '../ids';

/** Keys that are valid per devbox; the oldest goes when one more is made. */
const keptKeys = 20;

const storedKeys = z.array(z.string());

/** The host name by which a devbox is reached over SSH. Names know no upper case, so the id itself will not do. */
export function sshHostName(devboxId: string): string {
  return `${createHash('sha256').update(devboxId).digest('hex').slice(0, 32)}.ssh.localhost`;
}

/**
 * Makes a key that opens a devbox from now on; earlier ones stay valid. Only the public half is kept.
 * @param file where the devbox's public keys are
 * @returns the private key, ECDSA P-256, PEM
 */
export async function addSshKey(file: string): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = [...(await readSshKeys(file)), publicKey.export({ type: 'spki', format: 'pem' }).toString()].slice(
    -keptKeys,
  );
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.${newFileName()}`;
  await writeFile(part, JSON.stringify(keys), { mode: 0o600 });
  await rename(part, file);
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

/** The public keys that open a devbox, PEM. */
export async function readSshKeys(file: string): Promise<readonly string[]> {
  try {
    return storedKeys.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

/** The point on the curve that a public key stands for, as SSH writes it. */
export function ecPoint(publicPem: string): Buffer {
  const { x = '', y = '' } = createPublicKey(publicPem).export({ format: 'jwk' });
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

/** The user name that a devbox's SSH takes. */
export function sshUser(devbox: Devbox): string {
  return devbox.spec.username;
}
