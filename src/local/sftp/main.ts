import { writeSync } from 'node:fs';
import { SftpServer } from './sftpServer';

/** No packet of a well-behaved client is larger, in bytes. */
const largestPacket = 1024 * 1024;

/** Serves SFTP on stdin and stdout until stdin ends. */
async function main(): Promise<void> {
  const server = new SftpServer();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0);
      if (length === 0 || length > largestPacket) {
        process.exit(1);
      }
      if (rest.length < 4 + length) {
        break;
      }
      send(server.answer(rest.subarray(4, 4 + length)));
      rest = rest.subarray(4 + length);
    }
  }
}

/** Waits for the reader: what it does not take must not pile up here. */
function send(bytes: Buffer): void {
  for (let sent = 0; sent < bytes.length;) {
    sent += writeSync(1, bytes, sent);
  }
}

await main();
