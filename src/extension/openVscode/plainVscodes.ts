import { l10n, ProgressLocation, window } from 'vscode';
import {
  answers,
  findPlainVscode,
  startPlainVscode,
  type PlainVscodeOptions,
  type PlainVscodePhase,
} from '../../core/vscode/plainVscode';
import { codeServerReleases } from '../../core/vscode/plainVscodeScript';
import { askedForReadRule } from '../../core/http/retryRules';
import type { Devbox } from '../../core/platform/devbox';
import type { VscodeEndpoint } from '../../core/vscode/vscodeAddress';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { readSettings } from '../account/settings';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel } from '../devboxes/devboxText';
import { saysYes } from '../messages/ask';
import { withSignal } from '../messages/cancellation';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import type { OpenedVscodes, VscodeSource } from './openedVscodes';

/**
 * The VS Code of a devbox without an action server: the one that runs in it already, else one that is started in it, and
 * before that installed, each after a yes.
 *
 * @returns undefined if the user does not want that; `attach` if they want its action server looked for
 * @throws RuntimeError that tells why it did not start
 */
export async function plainVscode(
  { store, openedVscodes }: { readonly store: DevboxStore; readonly openedVscodes: () => Promise<OpenedVscodes> },
  signedIn: SignedIn,
  devbox: Devbox,
): Promise<VscodeSource | 'attach' | undefined> {
  const { api } = signedIn;
  const settings = readSettings();
  const options = { tunnelAuthMode: settings.tunnelAuthMode, tunnelUrlTemplate: settings.tunnelUrlTemplate };
  const mine = await openedVscodes();
  const before = mine.get(devbox.id);
  const looked = await whenSlow(
    async (signal) => {
      if (before !== undefined && (await answers(before, signal))) return { now: devbox, found: before };
      // What the list says may be old, and the tunnel decides.
      const now = await api.devboxes.retrieve(devbox.id, { signal, rule: askedForReadRule });
      return { now, found: await findPlainVscode(api, now, { ...options, signal, rule: askedForReadRule }) };
    },
    { title: l10n.t('Looking for the VS Code of {0}…', devboxLabel(devbox)), limitMs: lookUpLimitMs },
  );
  const { now, found } = looked;
  mustStillBe(signedIn, devbox.id);
  if (found !== undefined) return mine.add(devbox.id, found);
  const wish = await mayStart(devbox);
  if (wish !== 'start') return wish;
  let endpoint = await started(store, signedIn, now, options);
  if (endpoint === undefined) {
    const installFrom = settings.codeServerDownload ?? codeServerReleases;
    if (!(await mayInstall(devbox, installFrom))) return undefined;
    endpoint = await started(store, signedIn, now, { ...options, installFrom });
  }
  return endpoint === undefined ? undefined : mine.add(devbox.id, endpoint);
}

async function started(
  store: DevboxStore,
  signedIn: SignedIn,
  devbox: Devbox,
  options: PlainVscodeOptions & { readonly installFrom?: string },
): Promise<VscodeEndpoint | undefined> {
  mustStillBe(signedIn, devbox.id);
  const { api } = signedIn;
  const title = l10n.t('Starting VS Code in {0}', devboxLabel(devbox));
  const endpoint = await window.withProgress(
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
  // It has a tunnel by now; the list may as well hear of it later.
  if (endpoint !== undefined) {
    const now = await whenSlow((signal) => api.devboxes.retrieve(devbox.id, { signal, rule: askedForReadRule }), {
      limitMs: lookUpLimitMs,
    });
    mustStillBe(signedIn, devbox.id);
    store.update(now);
  }
  mustStillBe(signedIn, devbox.id);
  return endpoint;
}

async function mayStart(devbox: Devbox): Promise<'start' | 'attach' | undefined> {
  const start = l10n.t('Start VS Code');
  const attach = l10n.t('Look for an Action Server');
  const answer = await window.showInformationMessage(
    l10n.t('Start a VS Code server in the devbox {0}?', devboxLabel(devbox)),
    {
      modal: true,
      detail: l10n.t(
        'This devbox was started without an action server. A VS Code server found in it runs on port 4445, behind a tunnel and a token, until the devbox stops. You are asked again before anything is installed.',
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
      'The devbox downloads about 200 MB from {0} and unpacks it in its home folder. This takes about 1 GB of disk space, and the devbox must be allowed to reach that address.',
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
      return l10n.t('waiting for a response…');
  }
}
