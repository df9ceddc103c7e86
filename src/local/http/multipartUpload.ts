import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { messageOf } from '../errors';
import { ApiError, badRequest } from './apiError';
import type { Exchange } from './exchange';

/** An upload that has arrived: where its file is to go, and what the receiver called what it has received. */
export interface Upload {
  readonly path: string;
  readonly received: string;
}

/**
 * Reads a multipart form with the text part `path` and the file part `file`, in either order. The file is handed on as it
 * comes and never held in memory.
 * @param receive stores the file's bytes and gives a name for them
 * @param discard removes them again when the form turns out not to be complete
 * @throws ApiError 400 for a form that is not complete, and whatever `receive` throws
 */
export async function readUpload(
  exchange: Exchange,
  receive: (content: Readable) => Promise<string>,
  discard: (received: string) => Promise<void>,
): Promise<Upload> {
  const form = openForm(exchange);
  let path: string | undefined;
  let receiving: Promise<string> | undefined;
  form.on('field', (name, value) => {
    if (name === 'path') {
      path = value;
    }
  });
  form.on('file', (name, content) => {
    if (name !== 'file' || receiving !== undefined) {
      content.resume();
      return;
    }
    receiving = receive(content);
    // Its failure is met below; the rest of the form is let pass so that the answer can be read.
    receiving.catch(() => content.resume());
  });
  try {
    await pipeline(exchange.body, form);
  } catch (error) {
    // What has come is not the whole file; storing it ends with the form.
    const partial = await settled(receiving);
    if (partial !== undefined) {
      await discard(partial);
    }
    throw new ApiError(
      400,
      'invalid_request',
      `The upload broke off or is not a multipart form: ${messageOf(error)}.`,
      false,
    );
  }
  const received = await receiving;
  if (received !== undefined && path !== undefined && path !== '') {
    return { path, received };
  }
  if (received !== undefined) {
    await discard(received);
  }
  throw badRequest('An upload needs a text part "path" that is not empty and a file part "file".');
}

async function settled(receiving: Promise<string> | undefined): Promise<string | undefined> {
  try {
    return await receiving;
  } catch {
    // The form's own error says what went wrong.
    return undefined;
  }
}

function openForm(exchange: Exchange): busboy.Busboy {
  try {
    return busboy({ headers: exchange.headers, limits: { fields: 10, fieldSize: 16 * 1024, files: 1 } });
  } catch (error) {
    throw badRequest(`The upload must be a multipart form: ${messageOf(error)}.`);
  }
}
