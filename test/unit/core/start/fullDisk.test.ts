import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { after, afterEach, before, describe, it } from 'mocha';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { RunloopRuntime } from '../../../../src/core/runtime/runloopRuntime';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import { startPlainDevbox } from '../../../../src/core/start/plainDevbox';

const plain = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;

describe('A start whose note cannot be written (M7)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
  const sent: string[] = [];
  let server: Server;
  before(async () => {
    server = createServer((request, response) => {
      sent.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.writeHead(500).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    mock.reset();
    syncBuiltinESMExports();
  });

  const fails = (code: string): (() => Promise<never>) => {
    return () => Promise.reject(Object.assign(new Error(`${code}: it cannot be written`), { code }));
  };
  /** What goes wrong, and how. */
  const trouble: Readonly<Record<string, () => void>> = {
    'the disk is full': () => failInFile('w', 'writeFile', 'ENOSPC'),
    'the disk breaks while the file is synced': () => failInFile('w', 'sync', 'EIO'),
    'the disk breaks while the folder is synced': () => failInFile('r', 'sync', 'EIO'),
    'the file system is read-only': () => void mock.method(fs.promises, 'open', fails('EROFS')),
    'the folder cannot be made': () => void mock.method(fs.promises, 'mkdir', fails('EACCES')),
    'another program holds the file': () => void mock.method(fs.promises, 'rename', fails('EPERM')),
  };
  /** @param mode that of the file, or of the folder that it is in */
  function failInFile(mode: 'w' | 'r', what: 'writeFile' | 'sync', code: string): void {
    const { open } = fs.promises;
    mock.method(fs.promises, 'open', async (...args: Parameters<typeof open>) => {
      const handle = await open(...args);
      if (args[1] === mode) mock.method(handle, what, fails(code));
      return handle;
    });
  }

  for (const [what, happens] of Object.entries(trouble)) {
    it(`sends nothing, as ${what}`, async () => {
      sent.length = 0;
      happens();
      syncBuiltinESMExports();
      const { port } = server.address() as AddressInfo;
      const account = { apiKey: 'ak_test', baseUrl: `http://127.0.0.1:${port}` };
      const startNotes = new StartNotes({ folder, onFailure: (error) => assert.fail(String(error)) });
      const { signal } = new AbortController();
      const starts = [
        () => startPlainDevbox(new RunloopApi(account), 'not noted', plain, { signal, startNotes }),
        () => new RunloopRuntime({ ...account, sid: 'not-noted', reuseExisting: false, startNotes }).connect(),
      ];
      for (const start of starts) await assert.rejects(start(), { code: 'not_noted', message: /Nothing was started/ });
      assert.deepEqual(sent, []);
    });
  }
});
