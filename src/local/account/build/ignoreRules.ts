import { pathPattern } from '../dockerfile/patterns';

/** Tells which paths of a build context a `.dockerignore` leaves out: the last line that matches decides. */
export class IgnoreRules {
  readonly #rules: readonly { readonly expression: RegExp; readonly leavesOut: boolean }[];

  constructor(text: string) {
    this.#rules = text
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.trim())
      .filter((line) => line !== '' && line !== '!')
      .map((line) => {
        const leavesOut = !line.startsWith('!');
        return { expression: new RegExp(`^${pathPattern(leavesOut ? line : line.slice(1).trim())}$`), leavesOut };
      });
  }

  /** @param path without a leading slash */
  leavesOut(path: string): boolean {
    return this.#rules.findLast(({ expression }) => expression.test(path))?.leavesOut === true;
  }
}
