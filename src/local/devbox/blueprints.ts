import * as z from 'zod';

/** What a devbox takes over from the blueprint it is made of. */
export const blueprintRecord = z.object({
  id: z.string(),
  name: z.string(),
  /** Provides `/openhands` with the commands that start the action execution server. */
  openhands: z.boolean(),
  /** Unix milliseconds. */
  createdAt: z.number(),
});

/** A named starting point for devboxes. */
export type Blueprint = z.infer<typeof blueprintRecord>;

/** The blueprints that come with the local platform. */
export const builtInBlueprints: readonly Blueprint[] = [
  { id: 'bpt_local0openhands000001', name: 'openhands', openhands: true, createdAt: Date.UTC(2025, 0, 1) },
];

/** Finds a blueprint that comes with the platform by id, then by name; undefined if there is none. */
export function findBlueprint(wanted: { id?: string | undefined; name?: string | undefined }): Blueprint | undefined {
  return builtInBlueprints.find((blueprint) =>
    wanted.id === undefined ? blueprint.name === wanted.name : blueprint.id === wanted.id,
  );
}
