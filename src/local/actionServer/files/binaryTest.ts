import type { LegacyEncodings } from './legacyEncodings';
import { readBeginning, SpecialFileError } from './regularFile';

const sampleBytes = 1024;

/**
 * Tells binary files from text files by name and by their first kilobyte. A file that cannot be opened counts as text,
 * so that whoever reads it next reports the reason.
 *
 * @param path absolute path
 */
export async function isBinaryFile(path: string, encodings: LegacyEncodings): Promise<boolean> {
  if (path.endsWith('.pyc')) return true;
  const sample = await readSample(path);
  return sample !== undefined && looksBinary(sample, encodings);
}

function looksBinary(sample: Buffer, encodings: LegacyEncodings): boolean {
  const isUtf16 = (sample[0] === 0xff && sample[1] === 0xfe) || (sample[0] === 0xfe && sample[1] === 0xff);
  const isUtf32 = isUtf16 && sample[2] === 0 && sample[3] === 0;
  if (isUtf16 && !isUtf32 && sample.length % 2 === 0) return false;
  if (sample.includes(0)) return true;
  // A letter in some encodings, and in none of Unicode's.
  if (sample.includes(0xff) && encodings.read(sample) === undefined) return true;
  let controls = 0;
  for (const byte of sample) {
    const isTextControl = (byte >= 0x07 && byte <= 0x0d) || byte === 0x1b;
    if (byte < 0x20 && !isTextControl) controls += 1;
  }
  return controls > sample.length * 0.1;
}

async function readSample(path: string): Promise<Buffer | undefined> {
  try {
    return await readBeginning(path, sampleBytes);
  } catch (error) {
    if (error instanceof SpecialFileError || (error instanceof Error && 'code' in error)) return undefined;
    throw error;
  }
}
