import { asArray, asNumber, asObject, asString } from '../parse';

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

/** Reads a list of snapshots; entries without an id are left out. */
export function parseSnapshots(value: unknown): readonly Snapshot[] {
  return asArray(asObject(value)?.['snapshots']).flatMap((entry) => {
    const view = asObject(entry);
    const id = asString(view?.['id']);
    if (view === undefined || id === undefined) return [];
    return [
      {
        id,
        name: asString(view['name']),
        createTimeMs: asNumber(view['create_time_ms']),
        commitMessage: asString(view['commit_message']),
        sizeBytes: asNumber(view['size_bytes']),
      },
    ];
  });
}
