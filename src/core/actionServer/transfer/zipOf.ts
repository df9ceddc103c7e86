import { buffer } from 'node:stream/consumers';

/** A small zip archive in memory. */
export async function zipOf(files: readonly { readonly name: string; readonly content: Buffer }[]): Promise<Buffer> {
  const { default: yazl } = await import('yazl');
  const zip = new yazl.ZipFile();
  for (const { name, content } of files) zip.addBuffer(content, name, { mode: 0o100600 });
  zip.end();
  return buffer(zip.outputStream);
}
