import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, before, beforeEach } from 'mocha';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { activate, type ActivationContext } from '../../src/extension';
import type { RunloopDevboxesApi } from '../../src/extension/api/runloopDevboxesApi';
import { deadline } from '../../src/ground/deadline';
import { startPlatform, type TestPlatform } from '../platform/testPlatform';
import { ensureVscode } from '../vscode/install';
import { useFakeEditor, type FakeEditor } from './fakeEditor';
import { Uri } from './values';

/** The window of a test; it exists in tests only. */
export interface UsedWindow {
  readonly editor: FakeEditor;
  readonly platform: TestPlatform;
  /** The platform's API, for what a test arranges and looks up. */
  readonly api: RunloopApi;
  /** What the extension gave to other extensions when it was activated. */
  readonly extension: RunloopDevboxesApi;
  /** What all windows of this editor share on the disk. */
  readonly globalFolder: string;
  /** Ends the extension and activates it again, as a reload of the window does: what the editor keeps is kept. */
  reload(): void;
  /**
   * Closes the window as the editor does it: what the extension asks of it from then on is refused, what it waits for too,
   * and its subscriptions are disposed, while its process lives on for some seconds.
   */
  close(): void;
}

/**
 * Gives each test of a `describe` a window with the whole extension, activated, in a fake editor, and all of them one local
 * platform.
 *
 * @param options.isSignedIn whether somebody has signed in to the platform; default true
 * @param options.hasVscode whether its devboxes have a VS Code; default false
 * @param options.platform further arguments of the platform's program
 */
export function useWindow({
  isSignedIn = true,
  hasVscode = false,
  platform: args = [],
}: {
  readonly isSignedIn?: boolean;
  readonly hasVscode?: boolean;
  readonly platform?: readonly string[];
} = {}): UsedWindow {
  let started: TestPlatform | undefined;
  const platform = (): TestPlatform => {
    if (started === undefined) throw new Error('There is no platform yet; it exists in tests and hooks only.');
    return started;
  };
  before(async function () {
    // The first run on a computer installs the VS Code.
    this.timeout(600_000);
    const options = hasVscode ? { vscode: await ensureVscode(() => undefined, deadline(600_000)) } : {};
    started = await startPlatform(args, options);
  });
  after(() => started?.stop());
  const open: {
    subscriptions: { dispose(): unknown }[];
    extension: RunloopDevboxesApi | undefined;
    globalFolder: string;
    folder: string;
  } = { subscriptions: [], extension: undefined, globalFolder: '', folder: '' };
  const start = (editor: FakeEditor, folder: string): void => {
    const context = contextOf(editor, folder);
    open.folder = folder;
    open.subscriptions = context.subscriptions;
    open.globalFolder = context.globalStorageUri.fsPath;
    open.extension = activate(context);
  };
  const end = (): void => {
    for (const one of open.subscriptions.splice(0).reverse()) one.dispose();
  };
  // Before the editor is checked, as a failed check ends the hooks.
  afterEach(end);
  const current = useFakeEditor();
  beforeEach(async () => {
    const { editor } = current;
    editor.settings.set('runloop.baseUrl', platform().baseUrl);
    start(editor, mkdtempSync(join(tmpdir(), 'window-')));
    if (isSignedIn) await signIn(editor, platform().apiKey);
    editor.messages.length = 0;
  });
  return {
    get editor() {
      return current.editor;
    },
    get platform() {
      return platform();
    },
    get api() {
      const { apiKey, baseUrl } = platform();
      return new RunloopApi({ apiKey, baseUrl });
    },
    get globalFolder() {
      return open.globalFolder;
    },
    get extension() {
      if (open.extension === undefined) throw new Error('There is no window; it exists in tests only.');
      return open.extension;
    },
    close: () => {
      const { editor } = current;
      editor.whileBusy = () => Promise.reject(new Error('Canceled'));
      end();
    },
    reload: () => {
      end();
      start(current.editor, open.folder);
    },
  };
}

/** Signs in as a person does. */
export async function signIn(editor: FakeEditor, apiKey: string): Promise<void> {
  editor.answer(/^Sign In to Runloop/, apiKey);
  await editor.run('runloop.signIn');
}

/** What the editor gives to the extension as it is activated. */
export function contextOf(editor: FakeEditor, folder: string): ActivationContext {
  return {
    secrets: editor.secrets,
    globalState: editor.globalState,
    workspaceState: editor.workspaceState,
    globalStorageUri: Uri.file(join(folder, 'global')),
    logUri: Uri.file(join(folder, 'logs')),
    extensionPath: resolve('.'),
    asAbsolutePath: (path) => resolve(path),
    subscriptions: [],
    extension: { packageJSON: { version: '0.0.0' } },
  };
}
