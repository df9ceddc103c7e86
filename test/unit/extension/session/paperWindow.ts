import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'mocha';
import { Emitter } from '../../../../src/core/events';
import type { Devbox } from '../../../../src/core/platform/devbox';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { StartNotes } from '../../../../src/core/start/notes/startNotes';
import type { SignedIn } from '../../../../src/extension/account/account';
import type { AttachServices } from '../../../../src/extension/session/attach';
import { RememberedSessions } from '../../../../src/extension/session/rememberedSessions';
import { Sessions } from '../../../../src/extension/session/sessions';
import { useFakeEditor, type FakeEditor } from '../../../fakeVscode/fakeEditor';
import { FakeMemory } from '../../../fakeVscode/memory';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

export const tunnel = { tunnel_key: 'k', auth_mode: 'open', http_keep_alive: false };

/** What a window's sessions work with: an account on paper, and who is told of what. */
export class PaperWindow {
  readonly account: ScriptedAccount;
  readonly folder = mkdtempSync(join(tmpdir(), 'runloop-notes-'));
  /** Ends when the window turns to another account. */
  readonly leaving = new AbortController();
  readonly changed = new Emitter<void>();
  readonly storeChanged = new Emitter<void>();
  readonly memory = new FakeMemory();
  readonly listed = new Map<string, Devbox>();
  /** What the tree, the output, the log and others were told, in order. */
  readonly told: string[] = [];
  readonly signedIn: SignedIn;
  readonly sessions: Sessions;
  readonly services: AttachServices;
  /** How often it was asked who has signed in. */
  lookedUp = 0;
  prices: unknown;

  constructor(account: ScriptedAccount) {
    this.account = account;
    const { baseUrl } = account;
    const apiKey = 'ak_of_a_test';
    const api = new RunloopApi({ apiKey, baseUrl });
    this.signedIn = { apiKey, baseUrl, api, ended: this.leaving.signal } as unknown as SignedIn;
    const tell = (line: string): void => void this.told.push(line);
    const log = {
      failure: (what: string) => tell(`failed: ${what}`),
      info: tell,
    };
    this.sessions = new Sessions(log as never, new RememberedSessions(this.memory));
    const services = {
      account: this.#account(),
      sessions: this.sessions,
      sessionKeys: {
        get: () => Promise.resolve(),
        set: (id: string) => {
          tell(`key of ${id}`);
          return Promise.resolve();
        },
        delete: () => Promise.resolve(),
      },
      startNotes: () => Promise.resolve(new StartNotes({ folder: this.folder, onFailure: tell as never })),
      knownSecrets: {
        keep: (id: string, values: readonly string[]) => {
          tell([`secrets of ${id}`, ...values].join(': '));
          return Promise.resolve();
        },
        startedChoices: { keep: () => Promise.resolve() },
      },
      store: this.#store(tell),
      output: { follow: (_: unknown, { id }: Devbox) => tell(`output of ${id}`) },
      openedVscodes: () =>
        Promise.resolve({ addresses: { serve: () => undefined, forget: () => undefined, dispose: () => undefined } }),
      devboxUse: {
        used: (id: string) => tell(`used ${id}`),
        activity: {
          used: ({ id }: Devbox) => tell(`in use ${id}`),
          during: async ({ id }: Devbox, work: () => Promise<unknown>) => {
            tell(`in use ${id}`);
            return work();
          },
        },
      },
      tree: { noteError: (id: string) => tell(`error of ${id}`) },
      log,
    };
    this.services = services as never;
  }

  /** Devboxes that the window was attached to, by its memory. */
  get remembered(): readonly string[] {
    return this.sessions.remembered.of(this.account.baseUrl);
  }

  /** A devbox as it is now, in the account. */
  devbox(id: string, status = 'running', more: object = {}): void {
    this.account.devboxes.set(id, { id, name: id, status, tunnel, metadata: {}, ...more });
  }

  /** What was asked through tunnels. */
  get reached(): readonly string[] {
    return this.account.asked.filter((line) => line.startsWith('tunnel'));
  }

  async stop(): Promise<void> {
    this.sessions.dispose();
    this.account.answers.clear();
    await this.account.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #account(): unknown {
    const prices = (): unknown => this.prices;
    return {
      current: () => {
        this.lookedUp += 1;
        return Promise.resolve(this.signedIn);
      },
      onDidChange: this.changed.on,
      get prices() {
        return prices();
      },
    };
  }

  #store(tell: (line: string) => void): unknown {
    const { listed } = this;
    return {
      loaded: true,
      onDidChange: this.storeChanged.on,
      get: (id: string) => listed.get(id),
      update: (devbox: Devbox) => {
        listed.set(devbox.id, devbox);
        tell(`${devbox.status} ${devbox.id}`);
      },
      remove: (id: string) => {
        listed.delete(id);
        tell(`removed ${id}`);
      },
      follow: (id: string) => {
        tell(`follows ${id}`);
        return { dispose: () => tell(`no longer follows ${id}`) };
      },
    };
  }
}

/** Gives each test of a `describe` such a window with two devboxes that run, and an editor. */
export function usePaperWindow(): { readonly editor: FakeEditor; readonly window: PaperWindow } {
  const used = useFakeEditor();
  let window: PaperWindow | undefined;
  beforeEach(async () => {
    window = new PaperWindow(await ScriptedAccount.start());
    window.account.answers.set('read_file_contents', { body: 'a key' });
    window.devbox('dbx_1');
    window.devbox('dbx_2');
  });
  afterEach(() => window?.stop());
  return {
    get editor() {
      return used.editor;
    },
    get window() {
      if (window === undefined) throw new Error('There is no window; it exists in tests only.');
      return window;
    },
  };
}
