import { asObject } from '../../core/parse';
import { refreshFiles } from '../files/fileCommands';
import { copyPortUrl, forwardPort, openPort, refreshPorts, stopForwarding } from '../ports/portCommands';
import { requireToken } from '../ports/requireTokenCommand';

export { copyPortUrl, forwardPort, openPort, requireToken, stopForwarding };

/** Refreshes the row that it was called on: a folder, or the ports of a devbox. */
export function refreshRow(
  services: Parameters<typeof refreshFiles>[0] & Parameters<typeof refreshPorts>[0],
  argument: unknown,
): Promise<void> {
  return asObject(argument)?.['kind'] === 'ports' ? refreshPorts(services, argument) : refreshFiles(services, argument);
}
