import { asNumber, asString } from '../parse';
import { listIn } from './answers';

/** A disk snapshot as the API shows it, parsed. */
export interface Snapshot {
  readonly id: string;
  readonly name: string | undefined;
  /** Unix milliseconds. */
  readonly createTimeMs: number | undefined;
  readonly commitMessage: string | undefined;
  /** Bytes beyond what it was made from. */
  readonly sizeBytes: number | undefined;
}

/** Reads a list of snapshots; entries without an id are left out. @throws RuntimeError for what is no such list */
export function parseSnapshots(value: unknown): readonly Snapshot[] {
  return listIn(value, 'snapshots', 'a list of snapshots', (view) => {
    const id = asString(view['id']);
    if (id === undefined) return undefined;
    return {
      id,
      name: asString(view['name']),
      createTimeMs: asNumber(view['create_time_ms']),
      commitMessage: asString(view['commit_message']),
      sizeBytes: asNumber(view['size_bytes']),
    };
  }).entries;
}
