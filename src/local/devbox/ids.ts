import { randomInt } from 'node:crypto';

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
