import { l10n, ProgressLocation, window } from 'vscode';
import { deadline } from '../../ground/deadline';
import { RuntimeError } from '../../core/errors';
import { askedForReadRule as rule } from '../../core/http/retryRules';
import { stripControls } from '../../core/safeText';
import {
  awaitBuild,
  beginBuild,
  buildUnderWay,
  openhandsDockerfile,
  openhandsImage,
} from '../../core/platform/buildBlueprint';
import type { BlueprintBuild } from '../../core/platform/blueprints';
import type { RunloopApi } from '../../core/platform/runloopApi';
import { redact } from '../../core/redact';
import { LineRedactor } from '../../core/secrets/lineRedactor';
import type { SignedIn } from '../account/account';
import { mustStillBe } from '../account/accountChanged';
import { readSettings } from '../account/settings';
import { saysYes } from '../messages/ask';
import { withSignal } from '../messages/cancellation';
import { lookUpLimitMs, whenSlow } from '../messages/whenSlow';
import { shown } from './answers';
import type { BuildChannels } from './buildChannels';

/** Milliseconds that letting go of a build may take. */
const dropMs = 30_000;

/**
 * Offers to build a blueprint with OpenHands in it, or to wait for a build that is under way, and does so after a yes,
 * with progress and the build's log in an output channel.
 *
 * @returns true if the blueprint can be started from now
 * @throws RuntimeError if it could not be built
 */
export async function buildBlueprint(
  { buildChannels }: { readonly buildChannels: () => Promise<BuildChannels> },
  account: SignedIn,
  name: string,
): Promise<boolean> {
  const { api } = account;
  const underWay = await whenSlow((signal) => buildUnderWay(api, name, { signal, rule }), { limitMs: lookUpLimitMs });
  const dockerfile = openhandsDockerfile(readSettings().openhandsTag);
  if (!(await isWanted(name, underWay !== undefined))) return false;
  mustStillBe(account);
  const channel = (await buildChannels()).of(name);
  channel.show(true);
  const title =
    underWay === undefined
      ? l10n.t('Building the blueprint {0}', shown(name))
      : l10n.t('Waiting for the blueprint {0}', shown(name));
  return window.withProgress({ location: ProgressLocation.Notification, cancellable: true, title }, (progress, token) =>
    withSignal(token, async (signal) => {
      progress.report({ message: '…' });
      if (underWay === undefined) channel.appendLine(dockerfile);
      const build = underWay ?? (await begin(api, { name, dockerfile }, signal));
      // What a build prints may go on over lines, as a private key does.
      const redactor = new LineRedactor();
      try {
        await awaitBuild(api, build, {
          signal,
          onLog: (line) => channel.appendLine(redactor.redact(stripControls(line), 'build')),
          onStatus: (status) => progress.report({ message: `${statusText(status)}…` }),
        });
        channel.appendLine(l10n.t('The blueprint is built.'));
        return true;
      } catch (error) {
        channel.appendLine(error instanceof Error ? redact(error.message) : '');
        if (!RuntimeError.is(error, 'cancelled')) throw error;
        await letGo(api, build, underWay === undefined);
        return false;
      }
    }),
  );
}

/** A build that is given up before anybody knows of it may begin all the same. */
async function begin(
  api: RunloopApi,
  order: { readonly name: string; readonly dockerfile: string },
  signal: AbortSignal,
): Promise<BlueprintBuild> {
  try {
    return await beginBuild(api, order, { signal });
  } catch (error) {
    if (RuntimeError.is(error, 'cancelled')) {
      void window.showInformationMessage(l10n.t('Nothing was started. The build may still begin.'));
    }
    throw error;
  }
}

async function isWanted(name: string, isUnderWay: boolean): Promise<boolean> {
  if (isUnderWay) {
    return saysYes({
      question: l10n.t('The blueprint {0} is being built. Wait for it?', shown(name)),
      detail: l10n.t('The devbox is started when the build is complete.'),
      yes: l10n.t('Wait and Start'),
      harmless: true,
    });
  }
  const detail = l10n.t(
    'It is built once in your account from the OpenHands runtime image {0}, which takes several minutes. The image is large; its tag is a setting. Then the devbox is started.',
    `${openhandsImage}:${readSettings().openhandsTag}`,
  );
  return saysYes({
    question: l10n.t('Build the blueprint {0}?', shown(name)),
    detail,
    yes: l10n.t('Build and Start'),
    harmless: true,
  });
}

/** A build that was begun here and is not wanted any more is removed where the platform allows it. */
async function letGo(api: RunloopApi, build: BlueprintBuild, begunHere: boolean): Promise<void> {
  const dropped = begunHere && (await api.blueprints.remove(build.id, { signal: deadline(dropMs) }));
  void window.showInformationMessage(
    dropped
      ? l10n.t('The build was cancelled, and nothing was started.')
      : l10n.t('Nothing was started. The build continues, and its blueprint can be used later.'),
  );
}

function statusText(status: string): string {
  switch (status) {
    case 'queued':
      return l10n.t('queued');
    case 'provisioning':
      return l10n.t('provisioning');
    case 'building':
      return l10n.t('building');
    default:
      return shown(status);
  }
}
