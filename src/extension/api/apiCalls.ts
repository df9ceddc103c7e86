import { l10n } from 'vscode';
import { cancelled, RuntimeError } from '../../core/errors';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import type { Disposable } from '../../core/events';
import { isActive, type Devbox } from '../../core/platform/devbox';
import { asObject, asString } from '../../core/parse';
import { oneLine } from '../../core/safeText';
import type { SignedIn } from '../account/account';
import { accountChanged, mustStillBe } from '../account/accountChanged';
import { devboxLabel } from '../devboxes/devboxText';
import { saysYes } from '../messages/ask';
import { commandProblem } from '../messages/commandProblems';
import { extensionProblem } from '../messages/extensionProblems';
import { showFailure } from '../messages/showFailure';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import { attached, type AttachServices } from '../session/attach';
import { leaveToOtherAccount } from '../session/leaveToOtherAccount';
import { runtimeFor } from '../session/runtimeFor';
import { RunPermissions } from './runPermissions';
import type { ApiDevbox, ApiObservation } from './runloopDevboxesApi';

/** Characters of a name and of a command that are taken at the most. */
const [mostName, mostCommand] = [200, 1_000_000];

/** What the calls of other extensions work with. */
export interface ApiServices extends AttachServices {
  readonly noteStart: (devboxId: string, of: SignedIn) => void;
  readonly brokenStarts: { lookSoon(): void };
  readonly tree: AttachServices['tree'] & { refresh(): Promise<void> };
}

/** An extension that has told its id, and which object it was given for that. */
export interface Caller {
  readonly id: string;
  readonly name: string;
}

/** What other extensions may call, over the same services as the commands; read with the first call. */
export class ApiCalls implements Disposable {
  readonly #services: ApiServices;
  readonly #permissions: RunPermissions;

  constructor(services: ApiServices) {
    this.#services = services;
    this.#permissions = new RunPermissions(services.account);
  }

  async list(): Promise<readonly ApiDevbox[]> {
    const { account, tree, store } = this.#services;
    await account.require();
    await tree.refresh();
    return store.devboxes.filter(({ status }) => isActive(status)).map((devbox) => this.#shown(devbox));
  }

  async start(options: { readonly name: string; readonly signal?: AbortSignal }): Promise<ApiDevbox> {
    const name = textOf(asObject(options)?.['name'], 'name', mostName);
    const { signal } = options;
    const { account, sessions, store, log, brokenStarts } = this.#services;
    const signedIn = await account.require();
    await ask(
      l10n.t('Another extension wants to start the devbox {0}, which costs money while it runs.', oneLine(name, 60)),
      l10n.t('Start Devbox'),
    );
    mustStillBe(signedIn);
    const runtime = await runtimeFor(this.#services, signedIn, { sid: name, reuseExisting: false });
    try {
      await runtime.connect(signal === undefined ? {} : { signal });
    } catch (error) {
      // What may run and cost money is told to the person as well, whatever the other extension makes of it.
      if (RuntimeError.is(error, 'may_still_run') || RuntimeError.is(error, 'start_unknown')) {
        showFailure(`Starting the devbox ${name}`, error, log, undefined, { account: signedIn });
      }
      throw error;
    } finally {
      brokenStarts.lookSoon();
    }
    const { devbox } = runtime;
    if (devbox === undefined) throw cancelled();
    if (!sessions.add(devbox.id, runtime, signedIn.ended)) {
      leaveToOtherAccount(store, devbox);
      throw accountChanged(devbox.id);
    }
    this.#services.noteStart(devbox.id, signedIn);
    return this.#shown(devbox);
  }

  async attach(devboxId: string): Promise<ApiDevbox> {
    const signedIn = await this.#services.account.require();
    const { api } = signedIn;
    const devbox = await whenSlow((signal) => api.devboxes.retrieve(devboxId, { signal, rule }), {
      limitMs: lookUpLimitMs,
    });
    const resumeSuspended = devbox.status === 'suspended' || devbox.status === 'suspending';
    if (resumeSuspended) {
      await ask(
        l10n.t(
          'Another extension wants to resume the devbox {0}, which costs money while it runs.',
          devboxLabel(devbox),
        ),
        l10n.t('Resume'),
      );
    }
    await attached(this.#services, signedIn, devbox, { resumeSuspended });
    return this.#shown(devbox);
  }

  async run(
    caller: Caller | undefined,
    devboxId: string,
    command: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ApiObservation> {
    textOf(command, 'command', mostCommand);
    const { sessions } = this.#services;
    const runtime = sessions.get(devboxId);
    if (runtime === undefined) throw notAttached(devboxId);
    const label = runtime.devbox === undefined ? oneLine(devboxId, 16) : devboxLabel(runtime.devbox);
    await this.#permissions.require(caller, devboxId, () => askToRun(caller, label, command));
    // The question may have been open for long.
    if (sessions.get(devboxId) !== runtime) throw notAttached(devboxId);
    // Lost just now, and not found again yet.
    if (runtime.state === 'disconnected' || runtime.state === 'reconnecting') {
      await runtime.reconnect({ signal: options.signal, resumeSuspended: false });
    }
    const { exitCode, content } = await runtime.actions.run(
      command,
      options.signal === undefined ? {} : { signal: options.signal },
    );
    return { exitCode, content };
  }

  dispose(): void {
    this.#permissions.dispose();
  }

  #shown({ id, name, status, createTimeMs }: Devbox): ApiDevbox {
    return { id, name, status, createTimeMs, attached: this.#services.sessions.isAttached(id) };
  }
}

/** Who cannot be known is asked about with each command, which is shown; whoever told a name once for a devbox. */
async function askToRun(caller: Caller | undefined, label: string, command: string): Promise<void> {
  if (caller === undefined) {
    await ask(
      l10n.t('Another extension wants to run a command in the devbox {0}.', label),
      l10n.t('Run Once'),
      oneLine(command, 500),
    );
    return;
  }
  await ask(
    l10n.t('The extension {0} wants to run commands in the devbox {1}.', oneLine(caller.name, 60), label),
    l10n.t('Allow in This Window'),
    l10n.t(
      'The extension identifies itself as {0}, which the editor cannot verify. The permission applies to this extension, this devbox and this account until the window is closed.',
      caller.id,
    ),
  );
}

/** A text that another extension gave, which may be anything. @throws RuntimeError `invalid_option` */
function textOf(value: unknown, argument: string, most: number): string {
  const text = asString(value) ?? '';
  if (text !== '' && text.length <= most) return text;
  throw new RuntimeError({ problem: commandProblem('argument_text', { argument, most }) });
}

function notAttached(devboxId: string): RuntimeError {
  return new RuntimeError({ problem: extensionProblem('not_attached'), devboxId });
}

/** @throws RuntimeError `cancelled` without a yes: what costs or changes something is the user's to decide */
async function ask(question: string, yes: string, detail?: string): Promise<void> {
  if (!(await saysYes({ question, yes, detail }))) throw cancelled();
}
