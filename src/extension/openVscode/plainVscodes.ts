import { l10n, ProgressLocation, window } from 'vscode';
import type { Disposable } from '../../core/events';
import {
  answers,
  findPlainVscode,
  startPlainVscode,
  type PlainVscodeOptions,
  type PlainVscodePhase,
} from '../../core/vscode/plainVscode';
import { codeServerReleases } from '../../core/vscode/plainVscodeScript';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { VscodeAddress, type VscodePlace } from '../../core/vscode/vscodeAddress';
import { saysYes } from '../messages/ask';
import { readSettings } from '../account/settings';
import { withSignal } from '../messages/cancellation';
import { devboxLabel } from '../devboxes/devboxText';
import type { Services } from '../services';

/** Where the address of a devbox's VS Code comes from. */
export interface VscodeSource {
  /** Secret. */
  vscodeUrl(signal?: AbortSignal, options?: { readonly anyHost?: boolean }): Promise<string | undefined>;
  hiddenUrl(url: string): string | undefined;
}

/** The VS Codes of plain devboxes that this window has opened, until the devbox stops or the account changes. */
class PlainVscodes implements Disposable {
  readonly #addresses = new VscodeAddress();
  readonly #places = new Map<string, VscodePlace>();
  readonly #subscriptions: Disposable[];

  constructor({ store, account }: Services) {
    this.#subscriptions = [
      store.onDidChange(() => this.#forget((id) => store.loaded && store.get(id)?.status !== 'running')),
      account.onDidChange(() => this.#forget(() => true)),
    ];
  }

  get(devboxId: string): VscodePlace | undefined {
    return this.#places.get(devboxId);
  }

  add(devboxId: string, place: VscodePlace): VscodeSource {
    this.#places.set(devboxId, place);
    return {
      vscodeUrl: (_signal, options) => this.#addresses.of(place, options?.anyHost === true),
      hiddenUrl: (url) => this.#addresses.hidden(url),
    };
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#addresses.dispose();
  }

  #forget(isGone: (devboxId: string) => boolean): void {
    for (const [devboxId, { origin }] of this.#places) {
      if (!isGone(devboxId)) continue;
      this.#places.delete(devboxId);
      this.#addresses.forget(origin);
    }
  }
}

let known: PlainVscodes | undefined;

function plainVscodes(services: Services): PlainVscodes {
  if (known === undefined) {
    const made = new PlainVscodes(services);
    known = made;
    services.own({
      dispose: () => {
        made.dispose();
        known = undefined;
      },
    });
  }
  return known;
}

/**
 * The VS Code of a devbox without an action server: the one that runs in it already, else one that is started in it, and
 * before that installed, each after a yes.
 *
 * @returns undefined if the user does not want that; `attach` if they want its action server looked for
 * @throws RuntimeError that tells why it did not start
 */
export async function plainVscode(services: Services, devbox: Devbox): Promise<VscodeSource | 'attach' | undefined> {
  const { api } = await services.account.require();
  const settings = readSettings();
  const options = { tunnelAuthMode: settings.tunnelAuthMode, tunnelUrlTemplate: settings.tunnelUrlTemplate };
  const mine = plainVscodes(services);
  const before = mine.get(devbox.id);
  if (before !== undefined && (await answers(before, undefined))) return mine.add(devbox.id, before);
  // What the list says may be old, and the tunnel decides.
  const now = await api.retrieve(devbox.id);
  const found = await findPlainVscode(api, now, options);
  if (found !== undefined) return mine.add(devbox.id, found);
  const wish = await mayStart(devbox);
  if (wish !== 'start') return wish;
  let place = await started(services, api, now, options);
  if (place === undefined) {
    const installFrom = settings.codeServerDownload ?? codeServerReleases;
    if (!(await mayInstall(devbox, installFrom))) return undefined;
    place = await started(services, api, now, { ...options, installFrom });
  }
  return place === undefined ? undefined : mine.add(devbox.id, place);
}

async function started(
  services: Services,
  api: RunloopApi,
  devbox: Devbox,
  options: PlainVscodeOptions & { readonly installFrom?: string },
): Promise<VscodePlace | undefined> {
  const title = l10n.t('Starting VS Code in {0}', devboxLabel(devbox));
  const place = await window.withProgress(
    { location: ProgressLocation.Notification, cancellable: true, title },
    (progress, token) =>
      withSignal(token, (signal) =>
        startPlainVscode(api, devbox, {
          ...options,
          signal,
          onPhase: (phase, bytes) => progress.report({ message: phaseText(phase, bytes) }),
        }),
      ),
  );
  // It has a tunnel by now.
  if (place !== undefined) services.store.update(await api.retrieve(devbox.id));
  return place;
}

async function mayStart(devbox: Devbox): Promise<'start' | 'attach' | undefined> {
  const start = l10n.t('Start VS Code');
  const attach = l10n.t('Look for an Action Server');
  const answer = await window.showInformationMessage(
    l10n.t('Start a VS Code server in the devbox {0}?', devboxLabel(devbox)),
    {
      modal: true,
      detail: l10n.t(
        'This devbox was started without an action server. A VS Code server found in it is run on port 4445, behind a tunnel and a token, until the devbox stops. Nothing is installed without another question.',
      ),
    },
    start,
    attach,
  );
  return answer === start ? 'start' : answer === attach ? 'attach' : undefined;
}

async function mayInstall(devbox: Devbox, from: string): Promise<boolean> {
  return saysYes({
    question: l10n.t('The devbox {0} has no VS Code server. Install code-server in it?', devboxLabel(devbox)),
    detail: l10n.t(
      'About 200 MB are downloaded by the devbox from {0} and unpacked in its home folder; about 1 GB of its disk is needed. It must be allowed to reach that address.',
      from,
    ),
    yes: l10n.t('Install and Start'),
    harmless: true,
  });
}

function phaseText(phase: PlainVscodePhase, bytes: number): string {
  switch (phase) {
    case 'looking':
      return l10n.t('looking for a VS Code server…');
    case 'downloading':
      return l10n.t('downloading, {0} MB…', Math.round(bytes / 1_000_000));
    case 'unpacking':
      return l10n.t('unpacking…');
    case 'starting':
      return l10n.t('waiting until it answers…');
  }
}
