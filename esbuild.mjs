// Builds the product's bundles (dist/) and, with --dev, the development tools and tests (out/).
// --production minifies; --dist=FOLDER builds somewhere else; --metafile=FILE tells what the extension is made of.
// --tests=FILE,FILE builds only these unit tests anew, into an out/ that is there (for test/mutate).
import * as esbuild from 'esbuild';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { brotliCompressSync, constants as packing } from 'node:zlib';

const production = process.argv.includes('--production');
const dev = process.argv.includes('--dev');
const quiet = process.argv.includes('--quiet');
const dist = option('dist') ?? 'dist';
const metafile = option('metafile');

/** @param {string} name */
function option(name) {
  return process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
}

/** CommonJS packages inside an ES module bundle still call `require` for Node's own modules. */
const requireShim = {
  js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
};

/**
 * A file of a package in which one place, that stands there once, reads otherwise.
 * @type {(file: RegExp, usual: string, other: string) => esbuild.Plugin}
 */
const reading = (file, usual, other) => ({
  name: 'reading',
  setup(build) {
    build.onLoad({ filter: file }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (text.split(usual).length !== 2) throw new Error(`'${usual}' does not stand once in ${path} any more.`);
      return { contents: text.replace(usual, () => other), loader: 'js' };
    });
  },
});

// The SSH library takes packets of 35,000 bytes, the least that the protocol asks for, and cuts the connection at a longer
// one; a command or a variable is one packet. OpenSSH takes 256 KiB.
const longSshPackets = reading(
  /[\\/]ssh2[\\/]lib[\\/]protocol[\\/]crypto\.js$/,
  'const MAX_PACKET_SIZE = 35000;',
  'const MAX_PACKET_SIZE = 262144;',
);

/** Where SQLite's WebAssembly is for the platform: packed, a fifth smaller than what zip makes of it in the VSIX. */
const sqlite = 'node-sqlite3-wasm.wasm';
const packedSqlite = reading(
  /[\\/]node-sqlite3-wasm\.js$/,
  'return readBinary(file)',
  'return require("node:zlib").brotliDecompressSync(readBinary(`${file}.br`))',
);

/** @type {esbuild.BuildOptions} */
const common = {
  bundle: true,
  metafile: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: production,
  keepNames: true,
  sourcemap: production ? false : 'linked',
  banner: requireShim,
  logLevel: quiet ? 'error' : 'warning',
  // node-fetch 2 drags in a 265 kB Unicode table (tr46) that Node's own URL makes needless.
  alias: { 'whatwg-url': './src/core/platform/whatwgUrl.ts' },
  // With DEBUG=true in the user's environment the SDK would print every request, API key included.
  define: { 'process.env.DEBUG': '"off"' },
  plugins: [longSshPackets],
};

/** Every test file below `folder`, as an entry of its own. */
function testFiles(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}

/**
 * The extension. Dynamic imports become chunks: commands, the core and the SDK are read on first use, not at activation.
 */
async function buildExtension() {
  const entry = 'src/extension.ts';
  /** @type {esbuild.BuildOptions} */
  const options = {
    ...common,
    // Names of functions and classes are nothing that it relies on, and a twentieth of its size.
    keepNames: false,
    entryPoints: { extension: entry },
    outdir: dist,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: ['vscode'],
  };
  // What activation and later uses share would be cut into a file for each group of its users, and every file costs
  // time to load. So each later part imports the entry point, which is there by then: all that is shared is then one file.
  const { metafile: first } = await esbuild.build({ ...options, write: false, logLevel: 'silent' });
  const later = Object.values(first.inputs)
    .flatMap(({ imports }) => imports.filter(({ kind }) => kind === 'dynamic-import'))
    .map(({ path }) => resolve(path))
    .filter((path) => path.startsWith(resolve('src')));
  /** @type {esbuild.Plugin} */
  const importEntry = {
    name: 'import-entry',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) =>
        later.includes(path)
          ? { contents: `${readFileSync(path, 'utf8')}\nimport ${JSON.stringify(resolve(entry))};\n`, loader: 'ts' }
          : undefined,
      );
    },
  };
  const { metafile: meta } = await esbuild.build({ ...options, plugins: [importEntry] });
  if (metafile !== undefined) writeFileSync(metafile, JSON.stringify(meta));
  return { metafile: meta };
}

/**
 * The licences of all packages that went into the bundles, as they ask for it: their texts are no part of the code.
 * @param {readonly esbuild.Metafile[]} metafiles
 */
function thirdPartyNotices(metafiles) {
  const inputs = metafiles.flatMap(({ inputs: files }) => Object.keys(files));
  const folders = new Set(inputs.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []));
  const notices = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const texts = readdirSync(folder)
      .filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return `${name} ${version} (${typeof license === 'string' ? license : 'see its text'})\n\n${texts.join('\n\n')}`;
  });
  const line = '-'.repeat(80);
  const head = 'Parts of this extension were made by others. These are their packages, with their licences.';
  return [head, ...[...new Set(notices)].sort()].join(`\n\n${line}\n\n`) + '\n';
}

/** @param {string} file a unit test, which has an editor to talk to if it is one of the extension's */
const isOfExtension = (file) => file.startsWith(join('test', 'unit', 'extension'));

/** @type {esbuild.BuildOptions} */
const unitTests = {
  ...common,
  outdir: 'out/unit',
  outbase: 'test/unit',
  splitting: true,
  // Bundled like the product, so that the tests see what users run.
  external: ['mocha', 'eslint', 'ssh2', '@runloop/api-client', 'playwright-core', 'esbuild'],
};
const withFakeEditor = { ...common.alias, vscode: './test/fakeVscode/vscode.ts' };

/** Programs that unit tests start. */
const unitPrograms = [
  'test/unit/core/vscode/forwarderProgram.ts',
  'test/unit/core/vscode/port/portProgram.ts',
  'test/unit/local/server/tunnels/usualPortsProgram.ts',
  'test/unit/local/devbox/run/ownAddressesProgram.ts',
];

const few = option('tests')?.split(',');
if (few !== undefined) {
  await Promise.all([
    esbuild.build({ ...unitTests, entryPoints: [...few.filter((file) => !isOfExtension(file)), ...unitPrograms] }),
    esbuild.build({ ...unitTests, entryPoints: few.filter(isOfExtension), alias: withFakeEditor }),
    // The programs that the tests of kills and of the siege start, built with the others as a rule.
    esbuild.build({
      ...common,
      entryPoints: {
        proofStarter: 'test/proof/kills/starter.ts',
        proofBesieger: 'test/proof/siege/besieger.ts',
        proofConsentWindow: 'test/proof/consent/windowProgram.ts',
      },
      outdir: 'out',
      packages: 'external',
    }),
  ]);
  process.exit();
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const wasm = readFileSync(`node_modules/node-sqlite3-wasm/dist/${sqlite}`);
const quality = { [packing.BROTLI_PARAM_QUALITY]: production ? 10 : 5 };
writeFileSync(join(dist, `${sqlite}.br`), brotliCompressSync(wasm, { params: quality }));
const built = await Promise.all([
  buildExtension(),
  esbuild.build({
    ...common,
    entryPoints: ['src/extension/localPlatform/keeper.ts'],
    outfile: join(dist, 'localKeeper.mjs'),
  }),
  esbuild.build({
    ...common,
    entryPoints: ['src/core/logs/search/searchThread.ts'],
    outfile: join(dist, 'searchThread.mjs'),
  }),
  esbuild.build({
    ...common,
    entryPoints: { local: 'src/local/local.ts' },
    plugins: [longSshPackets, packedSqlite],
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    // The SSH library is read on first use.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // Native helpers that the SSH library does without where they are not built.
    external: ['*.node', 'cpu-features'],
    // SQLite looks for its WebAssembly file beside the program; the SSH library only wants the name to be there.
    banner: { js: `${requireShim.js} const __dirname = import.meta.dirname;` },
  }),
  esbuild.build({ ...common, entryPoints: ['src/local/sftp/main.ts'], outfile: join(dist, 'sftpServer.mjs') }),
  esbuild.build({ ...common, entryPoints: ['src/local/network/relay/main.ts'], outfile: join(dist, 'netRelay.mjs') }),
  esbuild.build({
    ...common,
    // As with the extension; the platform's SSH library is what asks for its own classes by their names.
    keepNames: false,
    entryPoints: ['src/local/actionServer/main.ts'],
    outfile: join(dist, 'actionServer.mjs'),
  }),
]);
writeFileSync(join(dist, 'THIRD_PARTY_NOTICES.txt'), thirdPartyNotices(built.map((result) => result.metafile)));

if (dev) {
  rmSync('out', { recursive: true, force: true });
  await Promise.all([
    // The development tools and the UI tests share modules, and with them what they have started.
    esbuild.build({
      ...common,
      entryPoints: {
        start: 'test/vscode/start.ts',
        platform: 'test/vscode/platform.ts',
        launcher: 'test/vscode/launcher.ts',
        runHostTests: 'test/vscode/runHostTests.ts',
        testSetup: 'test/run/setup.ts',
        testReporter: 'test/run/reporter.ts',
        bench: 'test/bench/main.ts',
        proof: 'test/proof/main.ts',
        proofStarter: 'test/proof/kills/starter.ts',
        proofBesieger: 'test/proof/siege/besieger.ts',
        proofConsentWindow: 'test/proof/consent/windowProgram.ts',
        mutate: 'test/mutate/main.ts',
        screenshots: 'test/ui/screenshots.ts',
        rowPictures: 'test/ui/rowPictures.ts',
        example: 'test/example/example.ts',
        vectors: 'test/vectors/main.ts',
        testOpenhands: 'test/contract/run.ts',
        testAgents: 'test/run/testAgents.ts',
        testAll: 'test/run/testAll.ts',
        'contract/openhands.test': 'test/contract/openhands.test.ts',
        'contract/stdioServer': 'test/contract/stdioServer.ts',
        ...Object.fromEntries(testFiles('test/ui').map((file) => [relative('test', file).replace(/\.ts$/, ''), file])),
      },
      outdir: 'out',
      splitting: true,
      chunkNames: 'chunks/[name]-[hash]',
      packages: 'external',
    }),
    // Loaded by other programs: VS Code's log writer, and the extension that answers the UI tests.
    esbuild.build({
      ...common,
      format: 'cjs',
      banner: {},
      entryPoints: { spdlog: 'test/vscode/spdlog.ts', 'ui/apiExtension/main': 'test/ui/apiExtension/main.ts' },
      outdir: 'out',
      outExtension: { '.js': '.cjs' },
      external: ['vscode'],
    }),
    esbuild.build({
      ...unitTests,
      entryPoints: [...testFiles('test/unit').filter((file) => !isOfExtension(file)), ...unitPrograms],
    }),
    esbuild.build({
      ...unitTests,
      entryPoints: testFiles('test/unit').filter(isOfExtension),
      alias: withFakeEditor,
    }),
    // What benchmarks measure without an editor.
    esbuild.build({
      ...unitTests,
      outdir: 'out/bench',
      entryPoints: {
        agentsWindow: 'test/bench/agents/agentsWindow.ts',
        changesWindow: 'test/bench/changesWindow.ts',
      },
      alias: withFakeEditor,
    }),
    // Named .mjs because that is how VS Code knows a suite that is an ES module.
    esbuild.build({
      ...common,
      entryPoints: ['test/host/index.ts', ...testFiles('test/host')],
      outdir: 'out/host',
      outbase: 'test/host',
      outExtension: { '.js': '.mjs' },
      splitting: true,
      external: ['vscode', 'mocha'],
    }),
  ]);
}
