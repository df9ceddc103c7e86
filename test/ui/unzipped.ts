import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { fromBuffer, type Entry, type ZipFile } from 'yauzl';

const open = promisify<Buffer, { lazyEntries: boolean }, ZipFile>(fromBuffer);

/** The files of a zip by name, as text. */
export async function unzipped(zip: Buffer): Promise<ReadonlyMap<string, string>> {
  const file = await open(zip, { lazyEntries: true });
  const files = new Map<string, string>();
  await new Promise<void>((resolve, reject) => {
    file.on('error', reject);
    file.on('end', resolve);
    file.on('entry', (entry: Entry) => {
      file.openReadStream(entry, (error, stream) => {
        if (error !== null) {
          reject(error);
          return;
        }
        text(stream).then((content) => {
          files.set(entry.fileName, content);
          file.readEntry();
        }, reject);
      });
    });
    file.readEntry();
  });
  return files;
}
