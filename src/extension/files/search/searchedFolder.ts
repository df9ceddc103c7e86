import { l10n, type Uri } from 'vscode';
import { livingDevboxFor, type DevboxSources } from '../../devboxes/pickDevbox';
import { meantFiles, type FileServices } from '../fileRow';
import { parentAddress } from '../fileAddress';

/** The folder that a command on files is about: the row it was called on, else that of a devbox which the user picks. */
export async function searchedFolder(
  services: FileServices & DevboxSources,
  argument: unknown,
): Promise<Uri | undefined> {
  const [meant] = await meantFiles(services, argument, undefined);
  if (meant !== undefined) return meant.isFolder ? meant.uri : parentAddress(meant.uri);
  const placeHolder = l10n.t('Select a devbox to search its files');
  const devbox = await livingDevboxFor(services, argument, { placeHolder, runningOnly: true });
  return devbox === undefined ? undefined : services.fileSystem.rootOf(devbox.id);
}
