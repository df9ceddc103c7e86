import { randomBytes, randomInt } from 'node:crypto';

const lower = 'abcdefghijklmnopqrstuvwxyz0123456789';
const mixed = `${lower}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;

function randomText(alphabet: string, length: number): string {
  let text = '';
  for (let i = 0; i < length; i += 1) {
    text += alphabet.charAt(randomInt(alphabet.length));
  }
  return text;
}

/** A fresh devbox id in Runloop's form. */
export function newDevboxId(): string {
  return `dbx_${randomText(mixed, 21)}`;
}

/** A fresh snapshot id in Runloop's form. */
export function newSnapshotId(): string {
  return `snp_${randomText(mixed, 21)}`;
}

/** A fresh blueprint id in Runloop's form. */
export function newBlueprintId(): string {
  return `bpt_${randomText(mixed, 21)}`;
}

/** A fresh id of a storage object. */
export function newObjectId(): string {
  return `obj_${randomText(mixed, 21)}`;
}

/** A fresh id of a network policy. */
export function newPolicyId(): string {
  return `npol_${randomText(mixed, 21)}`;
}

/** A fresh id of an account secret. */
export function newSecretId(): string {
  return `sec_${randomText(mixed, 21)}`;
}

/** A fresh API key in Runloop's form. */
export function newApiKey(): string {
  return `ak_${randomText(mixed, 32)}`;
}

/** A fresh tunnel key: it is part of a host name, so lower-case letters and digits only. */
export function newTunnelKey(): string {
  return randomText(lower, 52);
}

/** A fresh tunnel token: letters and digits only, so that it can also be a WebSocket subprotocol. */
export function newTunnelToken(): string {
  return randomText(mixed, 48);
}

/** A fresh id for one HTTP request, shown in errors and on stderr. */
export function newRequestId(): string {
  return `req_${randomText(mixed, 16)}`;
}

/** A fresh execution id: a UUID of version 7, which sorts by time. */
export function newExecutionId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x70, 6);
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A fresh name for a file of the platform's own; needs no quoting anywhere. */
export function newFileName(): string {
  return randomText(lower, 20);
}
