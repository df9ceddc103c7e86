import { RuntimeError } from '../errors';

/** What is wrong with presets, for whoever tells it in another language. Words from the file are in it: hostile text. */
export type PresetFault =
  | { readonly kind: 'tooLarge' | 'forbiddenName' }
  | { readonly kind: 'noJson'; readonly detail: string }
  | { readonly kind: 'unknownWord'; readonly where: string; readonly word: string }
  | { readonly kind: 'tooMuch' | 'tooLittle'; readonly where: string; readonly limit: string }
  | { readonly kind: 'notOneOf'; readonly where: string; readonly allowed: string }
  | { readonly kind: 'notAllowed'; readonly where: string }
  | { readonly kind: 'excludes'; readonly preset: string; readonly words: string }
  | { readonly kind: 'noSuchSize' | 'noRepository'; readonly preset: string }
  | { readonly kind: 'variable'; readonly preset: string; readonly name: string };

/** Presets that cannot be used; nothing of their file is. */
export class PresetError extends RuntimeError {
  readonly fault: PresetFault;

  constructor(fault: PresetFault, message: string) {
    super({ code: 'invalid_option', message, nextStep: 'Correct the presets, then try again.' });
    this.fault = fault;
  }
}
