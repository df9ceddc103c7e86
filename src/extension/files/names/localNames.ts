import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** A name as this computer can have it; undefined where it cannot. */
export function localName(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..' || /[/\0\uf780-\uf7ff]/.test(name)) return undefined;
  const isForWindows =
    !/[<>:"\\|?*]|\p{Cc}|[. ]$/u.test(name) && !/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name);
  return process.platform !== 'win32' || isForWindows ? name : undefined;
}

/**
 * The names that what comes from one folder of a devbox gets in a folder of this computer, which may take for the same what differs by
 * case or by how letters are composed: the second of two would be written over the first.
 */
export class NamesApart {
  readonly #folder: string;
  /** Names that nothing else may get, as {@link alike} has them. */
  readonly #meant: Set<string>;
  /** By {@link alike}: what has come so far. */
  readonly #come = new Map<string, string[]>();

  /** @param all what is to come */
  constructor(folder: string, all: readonly { readonly name: string }[]) {
    this.#folder = folder;
    this.#meant = new Set(all.map(({ name }) => alike(name)));
  }

  /** The name for what comes next: its own, unless that leads to something that has come already; undefined where it can have none. */
  async next(name: string): Promise<string | undefined> {
    if (localName(name) === undefined) return undefined;
    const come = this.#come.get(alike(name)) ?? [];
    this.#come.set(alike(name), [...come, name]);
    if (come.length === 0) return name;
    const [own, ...others] = await Promise.all([name, ...come].map((one) => this.#behind(one)));
    return own === undefined || !others.includes(own) ? name : this.#other(name);
  }

  /** What is behind a name; undefined where nothing is. */
  async #behind(name: string): Promise<string | undefined> {
    try {
      const { dev, ino } = await stat(join(this.#folder, name), { bigint: true });
      return `${dev}.${ino}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #other(name: string): string {
    const ending = extname(name);
    for (let count = 2; ; count += 1) {
      const other = `${name.slice(0, name.length - ending.length)} (${count})${ending}`;
      if (this.#meant.has(alike(other))) continue;
      this.#meant.add(alike(other));
      return other;
    }
  }
}

/** The same for all names that some computer takes for one. */
function alike(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase();
}
