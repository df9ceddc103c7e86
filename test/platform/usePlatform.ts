import { after, before } from 'mocha';
import { RunloopApi } from '../../src/core/platform/runloopApi';
import { type TestPlatform, startPlatform } from './testPlatform';

/** The platform of a `describe`; it exists in tests and hooks only. */
export interface UsedPlatform {
  readonly platform: TestPlatform;
  /** Signed in to it. */
  readonly api: RunloopApi;
}

/**
 * Gives the tests of a `describe` one platform: started before the first, ended with its devboxes after the last of them.
 *
 * @param args further arguments of the platform's program
 */
export function usePlatform(...args: readonly string[]): UsedPlatform {
  let used: UsedPlatform | undefined;
  const started = (): UsedPlatform => {
    if (used === undefined) throw new Error('The platform has not been started; it exists in tests and hooks only.');
    return used;
  };
  before(async () => {
    const platform = await startPlatform(args);
    used = { platform, api: new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl }) };
  });
  after(() => used?.platform.stop());
  return {
    get platform() {
      return started().platform;
    },
    get api() {
      return started().api;
    },
  };
}
