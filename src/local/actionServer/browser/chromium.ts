import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { programOn } from '../../../ground/programOn';
import type { Logger } from '../logging';
import { CdpPipe, type BrowserEvent } from './cdpPipe';

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome-headless-shell',
  'headless_shell',
];
/** How long Chromium may take to answer for the first time. */
const startDeadlineMs = 60_000;

const options = [
  '--headless',
  '--remote-debugging-pipe',
  // Chromium's own sandbox refuses to work for root, which this server is; the devbox is the sandbox.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--mute-audio',
  // Frames of other sites in the process of their page: their elements are numbered with it.
  '--disable-features=IsolateOrigins,site-per-process,Translate',
  '--disable-site-isolation-trials',
  '--window-size=1280,720',
];

/** Where Chromium lives. */
export interface ChromiumContext {
  /** Path of the program, if one is named. */
  readonly program: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly tempDir: string;
  readonly log: Logger;
}

/** A Chromium without a window, spoken to over pipes, so that nobody else can reach it. */
export class Chromium {
  readonly cdp: CdpPipe;
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #closed: Promise<void>;

  private constructor(child: ChildProcess, profile: string, onEvent: (event: BrowserEvent) => void) {
    this.#child = child;
    this.#profile = profile;
    this.cdp = new CdpPipe(child.stdio[3] as Writable, child.stdio[4] as Readable, onEvent);
    this.#closed = new Promise((resolve) => {
      child.on('error', () => resolve());
      child.on('close', () => resolve());
    });
  }

  /** The program that would be started; undefined when there is none. */
  static find({ program, environment }: ChromiumContext): string | undefined {
    if (program !== undefined) return program;
    for (const name of names) {
      const found = programOn(name, environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin');
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * Starts Chromium.
   *
   * @throws Error when it does not start
   */
  static async start(
    program: string,
    { environment, tempDir }: ChromiumContext,
    onEvent: (event: BrowserEvent) => void,
  ): Promise<Chromium> {
    const profile = await mkdtemp(join(tempDir, 'action-server-browser-'));
    const child = spawn(program, [...options, `--user-data-dir=${profile}`, 'about:blank'], {
      env: environment,
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const chromium = new Chromium(child, profile, onEvent);
    const late = setTimeout(() => chromium.#kill(), startDeadlineMs);
    try {
      await chromium.cdp.send('Browser.getVersion');
      return chromium;
    } catch (error) {
      await chromium.dispose();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** False once it has ended. */
  get alive(): boolean {
    return this.cdp.isOpen && this.#isRunning();
  }

  #isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends Chromium with all its processes, and forgets what it kept. */
  async dispose(): Promise<void> {
    this.#kill();
    await this.#closed;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #kill(): void {
    if (this.#isRunning() && this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
  }
}
