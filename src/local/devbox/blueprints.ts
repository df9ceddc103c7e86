/** A named starting point for devboxes. The local platform brings its own and builds none. */
export interface Blueprint {
  readonly id: string;
  readonly name: string;
  /** Provides `/openhands` with the commands that start the action execution server. */
  readonly openhands: boolean;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** The blueprints that come with the local platform. */
export const builtInBlueprints: readonly Blueprint[] = [
  { id: 'bpt_local0openhands000001', name: 'openhands', openhands: true, createdAt: Date.UTC(2025, 0, 1) },
];

/** Finds a blueprint by id, then by name; undefined if there is none. */
export function findBlueprint(wanted: { id?: string | undefined; name?: string | undefined }): Blueprint | undefined {
  return builtInBlueprints.find((blueprint) =>
    wanted.id === undefined ? blueprint.name === wanted.name : blueprint.id === wanted.id,
  );
}
