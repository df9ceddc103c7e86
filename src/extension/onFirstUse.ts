import type { Disposable } from '../core/events';

/** Something that is made when it is first asked for; one for all who ask. */
export function onFirstUse<T>(make: () => Promise<T>): () => Promise<T>;
/** @param owned takes it, to dispose it with the extension */
export function onFirstUse<T extends Disposable>(make: () => Promise<T>, owned: Disposable[]): () => Promise<T>;
export function onFirstUse<T extends Disposable>(make: () => Promise<T>, owned?: Disposable[]): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().then((thing) => {
      owned?.push(thing);
      return thing;
    }));
}
