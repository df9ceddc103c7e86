import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** What is neither a file nor a folder, such as a pipe or a device: reading or writing it may never come to an end. */
export class SpecialFileError extends Error {
  constructor(readonly path: string) {
    super('It is not a regular file.');
    this.name = 'SpecialFileError';
  }
}

// Without these, opening a pipe waits for its other end, and opening a terminal may make it the server's own.
const patient = constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads a whole file; never waits for somebody else to write it.
 *
 * @throws SpecialFileError, and the system's error
 */
export function readRegularFile(path: string): Promise<Buffer> {
  return within(path, constants.O_RDONLY, (file) => file.readFile());
}

/**
 * Reads the beginning of a file.
 *
 * @throws SpecialFileError, and the system's error
 */
export function readBeginning(path: string, size: number): Promise<Buffer> {
  return within(path, constants.O_RDONLY, async (file) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, 0);
    return buffer.subarray(0, bytesRead);
  });
}

/**
 * Replaces what is in a file, or makes it; never waits for somebody else to read it.
 *
 * @throws SpecialFileError, and the system's error
 */
export function writeRegularFile(path: string, content: string | Uint8Array): Promise<void> {
  return within(path, constants.O_WRONLY | constants.O_CREAT, async (file) => {
    await file.truncate();
    await file.writeFile(content);
  });
}

async function within<T>(path: string, flags: number, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, flags | patient, 0o666);
  } catch (error) {
    // A pipe that nobody reads, a socket, a device without hardware.
    if (error instanceof Error && 'code' in error && (error.code === 'ENXIO' || error.code === 'ENODEV')) {
      throw new SpecialFileError(path);
    }
    throw error;
  }
  try {
    const found = await file.stat();
    if (!found.isFile() && !found.isDirectory()) throw new SpecialFileError(path);
    return await use(file);
  } finally {
    await file.close();
  }
}
