import type { DevboxContext } from '../devboxContext';
import { DevboxRun, type RunContext } from './devboxRun';

/** A run of a devbox, or of a build's room, that has yet to be opened, in a sandbox of its own. */
export function newRun(
  {
    id,
    disk,
    spec,
    log,
    folder,
  }: Pick<RunContext, 'spec' | 'log' | 'folder'> & { readonly id: string; readonly disk: string },
  {
    sandboxes,
    addresses,
    listeners,
    resources,
  }: Pick<DevboxContext, 'sandboxes' | 'addresses' | 'listeners' | 'resources'>,
): DevboxRun {
  const sandbox = sandboxes.create(id, disk, spec.limits, spec.network?.isolatedNetwork === true);
  return new DevboxRun({
    sandbox,
    spec,
    log,
    tools: sandboxes.tools,
    addresses,
    listeners,
    gateway: resources.gateway,
    folder,
  });
}
