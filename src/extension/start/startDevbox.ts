import { randomBytes } from 'node:crypto';
import { commands, InputBoxValidationSeverity, l10n, ProgressLocation, window } from 'vscode';
import { cancelled as cancelledError, RuntimeError } from '../../core/errors';
import { startPlainDevbox } from '../../core/start/plainDevbox';
import { endDevbox } from '../../core/platform/endDevbox';
import { mayStillRun } from '../../core/start/notedStart';
import type { Devbox } from '../../core/platform/devbox';
import type { StartChoices } from '../../core/start/startChoices';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { contextKeys, type CommandId } from '../commandIds';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel, statusWord } from '../devboxes/devboxText';
import { nameComplaint } from '../devboxes/nameComplaint';
import { escapeForEditor } from '../messages/escapeForEditor';
import type { Log } from '../messages/log';
import { showFailure, type Remedy } from '../messages/showFailure';
import type { AttachServices } from '../session/attach';
import { leaveToOtherAccount } from '../session/leaveToOtherAccount';
import { rememberSetValues } from '../session/knownSecrets';
import { runtimeFor, showAsItIs } from '../session/runtimeFor';
import { setContext } from '../setContext';
import type { BuildChannels } from './buildChannels';
import { choicesText } from './choicesText';
import { maySecretsGo } from './confirmSecrets';

import { progressText, tellLeftOut, uploadText } from './startProgress';
import type { LastChoices } from './lastChoices';

/** What a start takes, and who is told of it. */
export interface StartServices extends AttachServices {
  /**
   * Names and choices of the starts under way, by the end of their account, so that a second Enter joins the first instead of
   * making another devbox. What is chosen otherwise, or for another account, is another start.
   */
  readonly starting: WeakMap<AbortSignal, Set<string>>;
  /** Keeps what the repositories of a new devbox hold as the start that later changes are compared with; nobody waits for it. */
  readonly noteStart: (devboxId: string, of: SignedIn) => void;
  /** Looks after starts whose devbox may run unseen. */
  readonly brokenStarts: { lookSoon(): void };
  /** Remembers who shut a devbox down, which Runloop does not. */
  readonly endedHere: { ended(devboxId: string): Promise<void> };
  readonly tree: AttachServices['tree'] & { reveal(devboxId: string): Promise<void> };
  readonly buildChannels: () => Promise<BuildChannels>;
}

/** The quick path: asks for a name, and starts a devbox with the last choices. */
export async function startDevbox(services: StartServices & { readonly lastChoices: LastChoices }): Promise<void> {
  // Before the question: a name typed in vain is an annoyance.
  const account = await services.account.require();
  const choices = await services.lastChoices.get();
  const name = await askName(services.store, choices);
  if (name !== undefined) await startChosen(services, account, name.trim(), choices);
}

/** A name that nobody has thought of yet. */
export function suggestedName(): string {
  return `devbox-${randomBytes(3).toString('hex')}`;
}

/**
 * Starts a devbox and waits until it can be used, with progress; failures are shown with a way on.
 *
 * @param account the one for which it was chosen: values of variables and what it costs are for no other one
 */
export async function startChosen(
  services: StartServices,
  account: SignedIn,
  name: string,
  choices: StartChoices,
): Promise<void> {
  const starting = services.starting.get(account.ended) ?? new Set<string>();
  services.starting.set(account.ended, starting);
  const start = JSON.stringify([name, choices]);
  if (starting.has(start)) return;
  starting.add(start);
  try {
    mustStillBe(account);
    const devbox =
      choices.source.kind === 'plain'
        ? await startPlain(services, account, name, choices)
        : await startWithServer(services, account, name, choices);
    if (devbox === undefined) return;
    await setContext(contextKeys.hasStartedDevbox, true);
    if (!account.ended.aborted) await services.tree.reveal(devbox.id);
    if (account.ended.aborted) {
      leaveToOtherAccount(services.store, devbox);
      return;
    }
    services.noteStart(devbox.id, account);
    offerNext(services.log, devbox.id, devboxLabel(devbox));
  } catch (error) {
    if (RuntimeError.is(error, 'cancelled')) {
      if (error.devboxId !== undefined) await services.endedHere.ended(error.devboxId);
      void window.showInformationMessage(
        l10n.t('The start of {0} was cancelled. No devbox was left behind.', escapeForEditor(name)),
      );
      return;
    }
    const again = (): Promise<void> => startChosen(services, account, name, choices);
    const { failedStartText } = await import('./failedStart');
    showFailure(`Starting the devbox ${name}`, error, services.log, again, {
      first: remediesFor(services, account, error, { choices, again }),
      text: await failedStartText(services, account, error),
      account,
    });
  } finally {
    starting.delete(start);
    services.brokenStarts.lookSoon();
  }
}

/** A blueprint that is not there can be built. */
function remediesFor(
  { buildChannels, log }: Pick<StartServices, 'buildChannels' | 'log'>,
  account: SignedIn,
  error: unknown,
  { choices: { source }, again }: { readonly choices: StartChoices; readonly again: () => Promise<void> },
): readonly Remedy[] {
  if (!RuntimeError.is(error, 'blueprint_missing') || source.kind !== 'blueprint') return [];
  const build = async (): Promise<void> => {
    try {
      const { buildBlueprint } = await import('./buildBlueprint');
      if (await buildBlueprint({ buildChannels }, account, source.name)) await again();
    } catch (failure) {
      showFailure(`Building the blueprint ${source.name}`, failure, log, build, { account });
    }
  };
  return [{ title: l10n.t('Build It…'), run: build }];
}

async function startWithServer(
  services: StartServices,
  account: SignedIn,
  name: string,
  choices: StartChoices,
): Promise<Devbox | undefined> {
  const confirmSecrets = await secretsAnswer(choices);
  const runtime = await runtimeFor(services, account, { sid: name, reuseExisting: false, choices, confirmSecrets });
  await withStartProgress(
    name,
    () => runtime.devbox,
    async (report, signal) => {
      const subscription = runtime.onEvent((event) => {
        const message = progressText(event);
        if (message !== undefined) report(message);
        if (event.type === 'note') services.log.info(event.message);
        if (event.type === 'leftOut') tellLeftOut(event.paths);
      });
      try {
        mustStillBe(account);
        await runtime.connect({ signal });
      } finally {
        subscription.dispose();
      }
    },
    async () => {
      await runtime.close({ mode: 'shutdown' });
      if (runtime.devbox !== undefined) await showAsItIs(services, account, runtime.devbox.id);
    },
  );
  const { devbox } = runtime;
  if (devbox !== undefined) services.sessions.add(devbox.id, runtime, account.ended);
  return devbox;
}

/** The answer about files that look like secrets, asked for before anything is started. */
async function secretsAnswer({ folder }: StartChoices): Promise<() => Promise<boolean>> {
  const yes = folder !== undefined && (await maySecretsGo(folder));
  return () => Promise.resolve(yes);
}

async function startPlain(
  {
    store,
    startNotes,
    knownSecrets,
    output,
    log,
  }: Pick<AttachServices, 'store' | 'startNotes' | 'knownSecrets' | 'output' | 'log'>,
  account: SignedIn,
  name: string,
  choices: StartChoices,
): Promise<Devbox> {
  const { api, ended } = account;
  const confirmSecrets = await secretsAnswer(choices);
  const notes = await startNotes();
  mustStillBe(account);
  let devbox: Devbox | undefined;
  return withStartProgress(
    name,
    () => devbox,
    (report, signal) =>
      startPlainDevbox(api, name, choices, {
        signal,
        startNotes: notes,
        confirmSecrets,
        onUpload: (sent, files) => report(uploadText(sent, files)),
        onLeftOut: tellLeftOut,
        onStatus: (changed) => {
          devbox = changed;
          if (ended.aborted) return;
          // "running" would read as if it were ready.
          if (changed.status !== 'running') report(`${statusWord(changed.status)}…`);
          store.update(changed);
          rememberSetValues({ knownSecrets, log }, changed.id, choices);
          output.follow(api, changed);
        },
      }).catch(async (error: unknown) => {
        const mayRun = RuntimeError.is(error, 'may_still_run') && error.devboxId === devbox?.id;
        if (devbox !== undefined && !mayRun) {
          await showAsItIs({ store, log }, account, devbox.id);
        }
        throw error;
      }),
    async ({ id }) => {
      const last = await endDevbox(api, id).catch((error: unknown) => {
        throw mayStillRun(id, error);
      });
      if (last === undefined || ended.aborted) store.remove(id);
      else store.update(last);
    },
  );
}

/**
 * Runs a start with a progress notification. Cancel asks what is to become of a devbox that is there already: kept, the
 * start goes on without the notification.
 *
 * @param undo ends what was started, if it was ready before the user said no
 */
async function withStartProgress<T>(
  name: string,
  devbox: () => Devbox | undefined,
  start: (report: (message: string) => void, signal: AbortSignal) => Promise<T>,
  undo: (started: T) => Promise<void>,
): Promise<T> {
  const stop = new AbortController();
  let tell: (message: string) => void = () => undefined;
  const starting = start((message) => tell(message), stop.signal);
  // Awaited below in every case; this only keeps a failure in between from counting as unhandled.
  starting.catch(() => undefined);
  const title = l10n.t('Starting devbox {0}', escapeForEditor(name));
  const options = { location: ProgressLocation.Notification, cancellable: true, title };
  const cancelled = await window.withProgress(options, async (progress, token) => {
    tell = (message) => progress.report({ message });
    const asked = new Promise<true>((resolve) => token.onCancellationRequested(() => resolve(true)));
    return Promise.race([starting.then(() => false), asked]);
  });
  if (!cancelled || (devbox() !== undefined && !(await wantsShutDown(name)))) return starting;
  stop.abort();
  const started = await starting;
  // It was ready before the answer came.
  await undo(started);
  throw cancelledError(devbox()?.id);
}

async function wantsShutDown(name: string): Promise<boolean> {
  const shutDown = l10n.t('Shut Down');
  const answer = await window.showWarningMessage(
    l10n.t('Devbox {0} is still starting. Shut it down?', name),
    { modal: true, detail: l10n.t('If you keep it, it continues to start and costs money while it runs.') },
    { title: shutDown },
    // Instead of a Cancel, which could mean either.
    { title: l10n.t('Keep Devbox'), isCloseAffordance: true },
  );
  return answer?.title === shutDown;
}

async function askName(store: DevboxStore, choices: StartChoices): Promise<string | undefined> {
  return window.showInputBox({
    title: l10n.t('Start Devbox'),
    prompt: l10n.t('Devbox name ({0})', choicesText(choices)),
    value: suggestedName(),
    ignoreFocusOut: true,
    validateInput: (value) => {
      const complaint = nameComplaint(value);
      if (complaint !== undefined) return complaint;
      if (!store.living.some((devbox) => devbox.name === value.trim())) return undefined;
      return {
        severity: InputBoxValidationSeverity.Warning,
        message: l10n.t('A devbox with this name already exists. This starts another one.'),
      };
    },
  });
}

function offerNext(log: Log, devboxId: string, label: string): void {
  const next: Record<string, CommandId> = {
    [l10n.t('Open VS Code')]: 'runloop.openVscode',
    [l10n.t('Show Output')]: 'runloop.showOutput',
  };
  window.showInformationMessage(l10n.t('Devbox {0} is ready.', label), ...Object.keys(next)).then(
    async (chosen) => {
      const command = chosen === undefined ? undefined : next[chosen];
      if (command !== undefined) await commands.executeCommand(command, devboxId);
    },
    (error: unknown) => log.failure('Offering the next step', error),
  );
}
