import { posix } from 'node:path';
import * as z from 'zod';
import type { Devbox } from '../../devbox/devbox';
import type { DevboxRegistry } from '../../devbox/devboxRegistry';
import { largestText } from '../../devbox/run/devboxFiles';
import { badRequest } from '../../http/apiError';
import { parseBody } from '../../http/bodies';
import { readUpload } from '../../http/multipartUpload';
import { requirePath } from '../../sandbox/wordLimits';
import type { Router } from '../../http/router';

/** What a path of a request is called when it cannot be one. */
const thePath = 'The path';

const readFields = z.object({ file_path: z.string().min(1) });
const writeFields = z.object({ file_path: z.string().min(1), contents: z.string() });
const downloadFields = z.object({ path: z.string().min(1) });

/** Adds the files of a devbox: texts in one piece, anything else as streams. */
export function addFileRoutes(router: Router, devboxes: DevboxRegistry): void {
  router.add('POST', '/v1/devboxes/{id}/read_file_contents', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    const { file_path: path } = parseBody(readFields, await exchange.readObject());
    devbox.requireRunning();
    requirePath(path, thePath);
    const file = await devbox.files.open(path, largestText, exchange.signal);
    note(devbox, `read ${path}`);
    exchange.signal.addEventListener('abort', () => file.stop());
    await exchange.sendStream(file.content, file.size, { 'content-type': 'text/plain; charset=utf-8' });
  });

  router.add('POST', '/v1/devboxes/{id}/write_file_contents', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    const { file_path: path, contents } = parseBody(writeFields, await exchange.readObject());
    devbox.requireRunning();
    requirePath(path, thePath);
    const bytes = Buffer.from(contents);
    if (bytes.length > largestText) {
      throw badRequest('The text is larger than 100 MB. Use upload_file for it.');
    }
    const { code, stdout, stderr } = await devbox.files.write(path, bytes, { client: exchange.signal });
    note(
      devbox,
      code === 0 ? `write ${path} (${bytes.length} bytes)` : `write ${path}: ${stderr.trim()}`,
      code === 0 ? 'info' : 'error',
    );
    exchange.sendJson(200, { devbox_id: devbox.id, exit_status: code, stdout, stderr });
  });

  router.add('POST', '/v1/devboxes/{id}/upload_file', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    devbox.requireRunning();
    const { path, received } = await readUpload(
      exchange,
      (content) => devbox.files.receive(content, exchange.signal),
      (name) => devbox.files.discard(name),
    );
    try {
      requirePath(path, thePath);
    } catch (error) {
      await devbox.files.discard(received);
      throw error;
    }
    await devbox.files.place(received, path);
    note(devbox, `upload ${path}`);
    exchange.sendJson(200, {});
  });

  router.add('POST', '/v1/devboxes/{id}/download_file', async ({ exchange, params }) => {
    const devbox = devboxes.get(params.id);
    const { path } = parseBody(downloadFields, await exchange.readObject());
    devbox.requireRunning();
    requirePath(path, thePath);
    const file = await devbox.files.open(path, undefined, exchange.signal);
    note(devbox, `download ${path}`);
    exchange.signal.addEventListener('abort', () => file.stop());
    await exchange.sendStream(file.content, file.size, {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(posix.basename(path))}`,
    });
  });
}

function note(devbox: Devbox, message: string, level: 'info' | 'error' = 'info'): void {
  devbox.log.append({ source: 'files', level, message });
}
