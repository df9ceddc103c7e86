import { once } from 'node:events';
import { mkdir, mkdtemp, copyFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type * as vscode from 'vscode';
import { outDir } from '../vscode/projectPaths';
import { apiSocketVariable, parseApiResponse, type ApiResponse } from './apiExtension/protocol';

/** What can cross the line between a test and the extension host. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

interface Pending {
  readonly socket: Socket;
  readonly settle: (response: ApiResponse) => void;
  readonly fail: (error: Error) => void;
}

/**
 * VS Code's API as the extension under test sees it, for tests that drive the page: each call runs a small function
 * inside the extension host. After a page reload it talks to the new extension host by itself.
 */
export class ExtensionApi {
  private socket: Socket | undefined;
  private readonly pending = new Map<number, Pending>();
  private readonly connectListeners = new Set<() => void>();
  private nextId = 1;

  private constructor(
    private readonly socketPath: string,
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  /** Starts listening for the API extension. */
  static async start(): Promise<ExtensionApi> {
    const folder = await mkdtemp(join(tmpdir(), 'runloop-ui-api-'));
    const server = createServer();
    const api = new ExtensionApi(join(folder, 'api.sock'), folder, server);
    server.on('connection', (socket) => api.accept(socket));
    server.listen(api.socketPath);
    await once(server, 'listening');
    return api;
  }

  /** What the VS Code must have in its environment. */
  get environment(): Readonly<Record<string, string>> {
    return { [apiSocketVariable]: this.socketPath };
  }

  /**
   * Writes the API extension to a folder that can be installed.
   * @returns the folder
   */
  async writeExtension(): Promise<string> {
    const folder = join(this.folder, 'extension');
    await mkdir(folder, { recursive: true });
    await copyFile(join(outDir, 'ui', 'apiExtension', 'main.cjs'), join(folder, 'main.cjs'));
    const manifest = {
      name: 'ui-test-api',
      publisher: 'runloop-devboxes',
      version: '0.0.1',
      engines: { vscode: '^1.105.0' },
      main: './main.cjs',
      activationEvents: ['onStartupFinished'],
      extensionKind: ['workspace'],
      capabilities: { untrustedWorkspaces: { supported: true } },
    };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    return folder;
  }

  /**
   * Runs `fn` inside the extension host and answers with what it returns. `fn` is sent as text: it can use its
   * parameters only, nothing from around it.
   * @param fn gets the `vscode` module and then `args`
   * @throws Error with what `fn` threw, or if no extension host is there within 90 s or it ends meanwhile
   */
  async evaluate<A extends readonly Json[], R>(
    fn: (api: typeof vscode, ...args: A) => R | PromiseLike<R>,
    ...args: A
  ): Promise<R> {
    const socket = await this.connected();
    const id = this.nextId++;
    const response = await new Promise<ApiResponse>((resolve, reject) => {
      this.pending.set(id, { socket, settle: resolve, fail: reject });
      socket.write(`${JSON.stringify({ id, source: fn.toString(), args })}\n`);
    });
    if (!response.ok) {
      throw new Error(`In the extension host: ${response.error}`);
    }
    // The value has become JSON on the way, which the signature cannot say; tests return plain data.
    return response.value as R;
  }

  /** Waits until an extension host is there, at most 90 s. */
  async ready(): Promise<void> {
    await this.connected();
  }

  /** Stops listening and removes what {@link writeExtension} wrote. */
  async dispose(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.socket?.destroy();
    await closed;
    await rm(this.folder, { recursive: true, force: true });
  }

  private async connected(): Promise<Socket> {
    if (this.socket === undefined) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          this.connectListeners.delete(connected);
          reject(new Error('No extension host has come up within 90 s.'));
        }, 90_000);
        const connected = (): void => {
          clearTimeout(timer);
          this.connectListeners.delete(connected);
          resolve();
        };
        this.connectListeners.add(connected);
      });
    }
    if (this.socket === undefined) {
      throw new Error('The extension host has ended at once.');
    }
    return this.socket;
  }

  private accept(socket: Socket): void {
    // The newest extension host is the one of the page as it is now.
    this.socket?.destroy();
    this.socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.socket === socket) {
        this.socket = undefined;
      }
      for (const [id, call] of this.pending) {
        if (call.socket === socket) {
          this.pending.delete(id);
          call.fail(new Error('The extension host has ended in the middle of a call.'));
        }
      }
    });
    createInterface({ input: socket, crlfDelay: Infinity }).on('line', (line) => {
      const response = parseApiResponse(line);
      this.pending.get(response.id)?.settle(response);
      this.pending.delete(response.id);
    });
    this.connectListeners.forEach((listener) => listener());
  }
}
