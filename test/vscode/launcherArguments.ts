/** What `@vscode/test-electron` asks of a VS Code, as far as a web-hosted one can do it. */
export interface LauncherArguments {
  readonly extensionDevelopmentPath: string;
  readonly extensionTestsPath: string;
  readonly folder: string | undefined;
  readonly userDataDir: string | undefined;
  readonly extensionsDir: string | undefined;
  readonly disableWorkspaceTrust: boolean;
  readonly disableExtensions: boolean;
}

/**
 * Reads the command line of a desktop VS Code. Switches that mean nothing to a web-hosted one are passed over.
 * @throws Error if it does not name one extension and one suite
 */
export function parseLauncherArguments(argv: readonly string[]): LauncherArguments {
  const values = (name: string): string[] =>
    argv.filter((word) => word.startsWith(`--${name}=`)).map((word) => word.slice(name.length + 3));
  const extensions = values('extensionDevelopmentPath');
  const suites = values('extensionTestsPath');
  const [extension] = extensions;
  const [suite] = suites;
  if (extension === undefined || suite === undefined || extensions.length > 1) {
    throw new Error(
      'This launcher needs one --extensionDevelopmentPath= and one --extensionTestsPath=; ' +
        'further extensions have to be installed into the extensions directory.',
    );
  }
  return {
    extensionDevelopmentPath: extension,
    extensionTestsPath: suite,
    folder: argv.find((word) => !word.startsWith('-')),
    userDataDir: values('user-data-dir').at(-1),
    extensionsDir: values('extensions-dir').at(-1),
    disableWorkspaceTrust: argv.includes('--disable-workspace-trust'),
    disableExtensions: argv.includes('--disable-extensions'),
  };
}
