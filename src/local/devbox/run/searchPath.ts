import { systemPath } from '../../host/hostPrograms';
import { platformFolder } from '../../sandbox/devboxTools';

/** Where the platform's own programs are inside a devbox. */
const programFolder = `${platformFolder}/bin`;

/** The search path of a devbox before anybody has changed it, as Dockerfiles and blueprints write it down. */
export const basePath = `${programFolder}:${systemPath}`;

/** What a search path is completed with. */
export interface PathPlaces {
  /** What stands in front of the devbox's paths. */
  readonly prefix: string;
  /** The user's home folder inside the devbox. */
  readonly home: string;
  /** A folder with the platform's Node, for computers that have none; it replaces no other. */
  readonly nodeFolder?: string | undefined;
}

/**
 * A search path as one devbox has it: the platform's folders where this devbox has them, and what the user installs for
 * itself in front of the system's programs, unless the path names that already.
 */
export function searchPath(path: string, { prefix, home, nodeFolder }: PathPlaces): string {
  const folders = path.split(':').map((folder) => placed(folder, prefix));
  const own = `${prefix}${home}/.local/bin`;
  if (!folders.includes(own)) {
    const at = folders.indexOf(prefix + programFolder);
    folders.splice(at === -1 ? folders.length : at + 1, 0, own);
  }
  if (nodeFolder !== undefined && !folders.includes(nodeFolder)) {
    folders.push(nodeFolder);
  }
  return folders.join(':');
}

/** Variables whose search path, if they have one, is as this devbox has it. */
export function placedVariables(
  variables: Readonly<Record<string, string>>,
  prefix: string,
): Readonly<Record<string, string>> {
  const path = variables['PATH'];
  return path === undefined || prefix === ''
    ? variables
    : {
        ...variables,
        PATH: path
          .split(':')
          .map((folder) => placed(folder, prefix))
          .join(':'),
      };
}

function placed(folder: string, prefix: string): string {
  return folder.startsWith(`${platformFolder}/`) ? prefix + folder : folder;
}
