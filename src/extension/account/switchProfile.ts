import { commands, l10n, QuickPickItemKind, window, type QuickPickItem } from 'vscode';
import { RuntimeError } from '../../core/errors';
import { parseBaseUrl } from '../../core/platform/client';
import { oneLine } from '../../core/safeText';
import { saysYes } from '../messages/ask';
import type { CommandId } from '../commandIds';
import { escapeForEditor } from '../messages/escapeForEditor';
import type { Account } from './account';
import { failureText } from '../messages/showFailure';

interface ProfileServices {
  readonly account: Account;
  readonly localPlatform: () => Promise<{ leave(): Promise<void> }>;
}

interface ProfileItem extends QuickPickItem {
  readonly run?: () => Promise<void>;
}

const longestProfileName = 40;

/** Turns this window to another account: a named profile, the one of the settings, or a new profile. */
export async function switchProfile(services: ProfileServices): Promise<void> {
  const { account } = services;
  const active = account.usesLocal ? undefined : account.profiles.active()?.name;
  const current = l10n.t('in use');
  const named = Object.entries(account.profiles.all()).map(([name, baseUrl]): ProfileItem => ({
    label: `$(account) ${escapeForEditor(oneLine(name, longestProfileName))}`,
    description: name === active ? current : '',
    detail: oneLine(baseUrl, 100),
    run: () => turnTo(services, name),
  }));
  const picked = await window.showQuickPick<ProfileItem>(
    [
      {
        label: `$(home) ${l10n.t('Default')}`,
        description: active === undefined && !account.usesLocal ? current : '',
        detail: l10n.t('Address from the settings, or RUNLOOP_BASE_URL'),
        run: () => turnTo(services, undefined),
      },
      ...named,
      { label: '', kind: QuickPickItemKind.Separator },
      { label: `$(add) ${l10n.t('Add Profile…')}`, run: () => addProfile(services) },
      ...(named.length === 0
        ? []
        : [{ label: `$(trash) ${l10n.t('Remove Profile…')}`, run: () => removeProfile(account) }]),
    ],
    { title: l10n.t('Switch Profile'), placeHolder: l10n.t('Select the Runloop account for this window') },
  );
  await picked?.run?.();
}

async function turnTo({ account, localPlatform }: ProfileServices, name: string | undefined): Promise<void> {
  await account.useProfile(name);
  await (await localPlatform()).leave();
  if ((await account.current()) !== undefined) return;
  const signIn: CommandId = 'runloop.signIn';
  await commands.executeCommand(signIn);
}

async function removeProfile(account: Account): Promise<void> {
  const items = Object.entries(account.profiles.all()).map(([name, baseUrl]) => ({
    label: escapeForEditor(oneLine(name, longestProfileName)),
    detail: oneLine(baseUrl, 100),
    name,
  }));
  const picked = await window.showQuickPick(items, {
    title: l10n.t('Remove Profile'),
    placeHolder: l10n.t('Select a profile to remove'),
  });
  if (picked === undefined) return;
  const question = l10n.t('Remove the profile {0}?', picked.label);
  const detail = l10n.t('The API key is removed from this editor. The account and its devboxes are not affected.');
  if (!(await saysYes({ question, detail, yes: l10n.t('Remove') }))) return;
  await account.removeProfile(picked.name);
}

async function addProfile(services: ProfileServices): Promise<void> {
  const { profiles } = services.account;
  const name = await window.showInputBox({
    title: l10n.t('Add Profile'),
    prompt: l10n.t('Profile name'),
    ignoreFocusOut: true,
    validateInput: (value) => {
      const trimmed = value.trim();
      if (trimmed === '') return l10n.t('Enter a name.');
      if (trimmed !== oneLine(trimmed, longestProfileName)) {
        return l10n.t('Use at most {0} characters.', longestProfileName);
      }
      return trimmed in profiles.all() ? l10n.t('A profile with this name already exists.') : undefined;
    },
  });
  if (name === undefined) return;
  const baseUrl = await window.showInputBox({
    title: l10n.t('Add Profile'),
    prompt: l10n.t('Address of the Runloop API'),
    value: services.account.baseUrl(),
    ignoreFocusOut: true,
    validateInput: (value) => {
      try {
        parseBaseUrl(value);
        return undefined;
      } catch (error) {
        if (RuntimeError.is(error)) return failureText(error);
        throw error;
      }
    },
  });
  if (baseUrl === undefined) return;
  await profiles.add(name.trim(), parseBaseUrl(baseUrl));
  await turnTo(services, name.trim());
}
