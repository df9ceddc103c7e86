import type { IncomingMessage } from 'node:http';
import { readWithin } from '../../../ground/readWithin';
import { HttpError } from './answers';

/** Node cannot hold longer texts; a request that large is refused instead of ending the server. */
const largestBody = 256 * 1024 * 1024;

/**
 * Reads a whole request body.
 *
 * @throws HttpError when it is too large; Error when the client breaks off
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const body = await readWithin(request as AsyncIterable<Buffer>, largestBody);
  if (body === undefined) throw new HttpError(413, `The request body is larger than ${largestBody} bytes.`);
  return body;
}

/**
 * Reads a JSON body.
 *
 * @throws SyntaxError when it is no JSON, and what `readBody` throws
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  return JSON.parse((await readBody(request)).toString('utf8'));
}
