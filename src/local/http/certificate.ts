import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A private key and a certificate for it, both PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const seconds = 1_000;
const day = 86_400 * seconds;

/**
 * Makes a certificate that nobody has signed but itself, and that signs no others: who trusts it trusts these names only.
 * @param names host names, of which the first is the common name; `*` may be the first label
 */
export function selfSigned(names: readonly string[]): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const subject = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(names[0] ?? '')))));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha256').update(spki).digest().subarray(0, 20);
  const extensions = der(
    0xa3,
    sequence(
      extension(
        [0x55, 0x1d, 0x11],
        sequence(...names.map((name) => der(0x82, Buffer.from(name))), der(0x87, Buffer.from([127, 0, 0, 1]))),
      ),
      // Not an authority. Python checks for these four, too.
      extension([0x55, 0x1d, 0x13], sequence(), true),
      extension([0x55, 0x1d, 0x0f], der(0x03, Buffer.from([7, 0x80])), true),
      extension([0x55, 0x1d, 0x0e], der(0x04, keyId)),
      extension([0x55, 0x1d, 0x23], sequence(der(0x80, keyId))),
    ),
  );
  const now = Date.now();
  const serial = randomBytes(8);
  // Neither negative nor with a needless zero in front.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    subject,
    sequence(time(now - day), time(now + 3_650 * day)),
    subject,
    spki,
    extensions,
  );
  const signature = sign('sha256', body, privateKey);
  const whole = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  };
}

/** One value in the encoding of certificates: kind, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function extension(name: readonly number[], value: Buffer, critical = false): Buffer {
  return sequence(oid(...name), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

function oid(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function time(at: number): Buffer {
  return der(0x18, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}
