import type { Dice } from '../dice';

/** Well made answers that are then spoilt. */
const answers: readonly string[] = [
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 099 x\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 200 a\u0001b\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n\u0081\u007f',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.0 302 Found\r\nlocation: http://127.0.0.1/\r\nset-cookie: a=b\r\n\r\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!',
];

const words = [
  '\r\n',
  '\0',
  '\u007f',
  ': ',
  'content-length: -1',
  'transfer-encoding: x',
  'HTTP/1.1',
  '999',
  '\r\n\r\n',
  '\u0085\u00ff',
  ';',
  '%00',
  '\t',
];

/** An answer with a few bytes changed, left out, put in or repeated. */
export function spoiltAnswer(dice: Dice): Buffer {
  return spoil(dice, dice.pick(answers));
}

/** A request to a proxy or a server, spoilt as well. */
export function spoiltRequest(dice: Dice, port: number): Buffer {
  const host = dice.pick(['127.0.0.1', 'localhost', '[::1]', '0', '2130706433', 'x.localhost', '']);
  return spoil(
    dice,
    dice.pick([
      `GET http://${host}:${port}/ HTTP/1.1\r\nhost: x\r\n\r\n`,
      `CONNECT ${host}:${port} HTTP/1.1\r\nhost: x\r\n\r\nx`,
      `POST /v1/devboxes HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 9\r\n\r\n{"name":1`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0',
      '\u0016\u0003\u0001\0\u0005\u0001\0\0\u0001\0',
      `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0${http2Frames(dice)}`,
      `GET / HTTP/1.1\r\nhost: 13-x.tunnel.localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n`,
    ]),
  );
}

/** WebSocket frames of every kind and length, whole, cut, masked or lying about how long they are. */
export function spoiltFrames(dice: Dice): Buffer {
  const frames = Array.from({ length: dice.whole(1, 6) }, () => {
    const payload = Buffer.alloc(dice.pick([0, 1, 2, 125, 126, 600]), dice.whole(0, 255));
    const first = dice.chance(0.7) ? dice.pick([0x81, 0x82, 0x01, 0x80, 0x88, 0x89, 0x8a]) : dice.whole(0, 255);
    const said = dice.chance(0.7) ? payload.length : dice.pick([0, 1, 126, 0xffff, 2 ** 31, 2 ** 53]);
    const mask = dice.chance(0.2) ? 0x80 : 0;
    if (said < 126) return Buffer.concat([Buffer.from([first, mask | said]), payload]);
    const long = Buffer.alloc(said < 0x10000 ? 2 : 8);
    if (long.length === 2) long.writeUInt16BE(said);
    else long.writeBigUInt64BE(BigInt(said));
    return Buffer.concat([Buffer.from([first, mask | (long.length === 2 ? 126 : 127)]), long, payload]);
  });
  return spoil(dice, Buffer.concat(frames).toString('latin1'));
}

/** Frames of HTTP/2, in which type, flags, stream and length need not fit. */
function http2Frames(dice: Dice): string {
  return Array.from({ length: dice.whole(1, 8) }, () => {
    const payload = Array.from({ length: dice.whole(0, 40) }, () => String.fromCharCode(dice.whole(0, 255))).join('');
    const length = dice.chance(0.8) ? payload.length : dice.whole(0, 0xffff);
    const stream = dice.pick([0, 0, 1, 1, 2, 3, 0xff]);
    return `${String.fromCharCode(0, length >> 8, length & 255, dice.whole(0, 12), dice.pick([0, 1, 4, 5, 255]), 0, 0, 0, stream)}${payload}`;
  }).join('');
}

/** A name of letters of any script, separators, control characters and lone surrogates, up to 300 long. */
export function hostileName(dice: Dice): string {
  return Array.from({ length: dice.whole(1, 300) }, () =>
    String.fromCharCode(dice.chance(0.97) ? dice.whole(0, 0x2fff) : dice.whole(0xd800, 0xdfff)),
  ).join('');
}

function spoil(dice: Dice, text: string): Buffer {
  let spoilt = text;
  for (let count = dice.whole(0, 4); count > 0; count -= 1) {
    const at = dice.whole(0, spoilt.length);
    const length = dice.whole(0, 6);
    const [before, there, after] = [spoilt.slice(0, at), spoilt.slice(at, at + length), spoilt.slice(at + length)];
    spoilt = dice.pick([
      () => before + after,
      () => before + String.fromCharCode(dice.whole(0, 255)) + there + after,
      () => before + dice.pick(words) + there + after,
      () => before + there.repeat(dice.whole(2, 40)) + after,
      () => before,
    ])();
  }
  return Buffer.from(spoilt, 'latin1').subarray(0, 3_000);
}
