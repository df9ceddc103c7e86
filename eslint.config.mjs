import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import { importX } from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { moduleState } from './test/lint/moduleState.mjs';
import {
  bareSkip,
  importsSdk,
  importsVscode,
  oneFileEach,
  onlyIn,
  restrictedSyntax,
  silencing,
  weakSignals,
} from './test/lint/syntax.mjs';

/** Rooms of the extension: those below all features, and the features, which know nothing of each other. */
const shared = ['session', 'searchView', 'devboxes', 'browser', 'account', 'messages'];
const features = [
  'agentActions',
  'agents',
  'changes',
  'devboxTree',
  'diagnosis',
  'files',
  'forgotten',
  'lifeCycle',
  'localPlatform',
  'logDocument',
  'logSearch',
  'openVscode',
  'output',
  'ports',
  'runs',
  'start',
  'terminal',
];

/**
 * Who may import whom: a room's name, and the rooms beside it that it may import, its storey's ground included. What a room
 * holds further down is its own unless it stands here by itself. `local/` and `core/` are the two sides of the wire.
 */
const storeys = {
  'src/core': {
    ground: [
      'errors.ts',
      'events.ts',
      'parse.ts',
      'safeText.ts',
      'problems',
      'redact.ts',
      'redactShapes.ts',
      'secrets',
      'variables.ts',
    ],
    rooms: {
      http: [],
      platform: ['http'],
      activity: ['platform'],
      cost: ['platform'],
      logs: ['platform', 'http'],
      diagnosis: ['logs', 'platform', 'http'],
      actionServer: ['platform', 'http'],
      forwarding: ['platform', 'http'],
      vscode: ['forwarding', 'actionServer', 'platform', 'http'],
      start: ['actionServer', 'cost', 'platform', 'http'],
      'start/notes': ['platform'],
      options: ['start', 'actionServer', 'platform'],
      terminal: ['actionServer', 'platform', 'http'],
      runs: ['channel', 'logs', 'platform', 'http'],
      channel: ['platform', 'http'],
      files: ['channel', 'platform', 'http'],
      ports: ['channel', 'forwarding', 'platform', 'http'],
      runtime: ['options', 'start', 'vscode', 'forwarding', 'actionServer', 'activity', 'platform', 'http'],
      changes: ['files', 'channel', 'platform', 'http'],
      agents: ['channel', 'platform', 'http'],
    },
  },
  'src/local': {
    ground: ['errors.ts', 'ids.ts', 'wakeups.ts'],
    rooms: {
      bulkhead: [],
      host: [],
      store: ['host'],
      network: ['http', 'host'],
      'network/relay': ['network'],
      http: ['store', 'host'],
      sandbox: ['host'],
      'sandbox/controlGroups': ['sandbox/limits', 'host'],
      'sandbox/limits': ['sandbox/controlGroups', 'host'],
      'sandbox/rootfs': ['sandbox', 'host'],
      'sandbox/hands': ['sandbox/sandbox.ts', 'sandbox/spawnCommand.ts', 'sandbox/users.ts', 'host'],
      devbox: ['sandbox', 'network', 'store', 'host', 'bulkhead'],
      account: ['devbox', 'sandbox', 'network', 'store', 'host', 'bulkhead'],
      'account/dockerfile': ['sandbox'],
      faults: ['devbox'],
      pty: ['devbox', 'http', 'bulkhead'],
      ssh: ['devbox', 'sandbox', 'http', 'host', 'bulkhead'],
      server: ['account', 'devbox', 'faults', 'pty', 'ssh', 'sandbox', 'network', 'http', 'bulkhead'],
      'server/tunnels': ['devbox', 'http', 'bulkhead'],
      'server/faults': ['server/tunnels', 'faults', 'devbox', 'http'],
      actionServer: [],
      sftp: [],
    },
  },
  'src/extension': {
    ground: ['commandIds.ts', 'onFirstUse.ts', 'setContext.ts'],
    rooms: {
      messages: [],
      account: ['messages'],
      browser: ['account', 'messages'],
      devboxes: ['account', 'messages'],
      searchView: ['messages'],
      session: shared.filter((room) => room !== 'session'),
      ...Object.fromEntries([...features, 'api'].map((room) => [room, shared])),
      commands: [...features, ...shared, 'services.ts'],
    },
  },
};

/** Rooms without a zone of their own, and why; `test/lint/roomZones.mjs` looks that no other is without. */
export const withoutZone = [
  {
    reason:
      'parts of one program: what fences it off is the zone of the room above, and inside of it they use each other',
    rooms: ['bash', 'browser', 'editor', 'files', 'http', 'jupyter', 'mcp', 'vscode'].map(
      (name) => `src/local/actionServer/${name}`,
    ),
  },
  {
    reason: 'one whole with the room above, cut for its size: they use each other, and may import what that room may',
    rooms: [
      'src/core/actionServer/environment',
      'src/core/actionServer/mcp',
      'src/core/actionServer/transfer',
      'src/core/agents/installing',
      'src/core/changes/home',
      'src/core/changes/review',
      'src/core/changes/sides',
      'src/core/logs/search',
      'src/core/runtime/connect',
      'src/core/vscode/port',
      'src/extension/agents/document',
      'src/extension/agents/launch',
      'src/extension/changes/home',
      'src/extension/changes/review',
      'src/extension/changes/sourceControl',
      'src/extension/devboxTree/look',
      'src/extension/devboxTree/order',
      'src/extension/files/names',
      'src/extension/files/search',
      'src/extension/files/watch',
      'src/local/account/build',
      'src/local/devbox/lifeCycle',
      'src/local/devbox/run',
      'src/local/devbox/run/executions',
      'src/local/host/sockets',
      'src/local/host/starter',
    ],
  },
  {
    reason: 'routes come from everywhere below the server, as the room above says',
    rooms: ['src/local/server/account', 'src/local/server/devboxes'],
  },
];

export const zones = [
  { target: './src/core', from: './src/extension', message: 'core/ must work without an editor.' },
  { target: './src/core', from: './src/local', message: 'core/ meets the local platform only over HTTP.' },
  { target: './src/local', from: './src/core', message: 'local/ is the other side of the wire.' },
  { target: './src/local', from: './src/extension', message: 'local/ is the other side of the wire.' },
  {
    target: './src/extension',
    from: './src/local',
    message: 'extension/ starts the local platform as a process; it does not import it.',
  },
  ...['core', 'local', 'extension'].map((storey) => ({
    target: `./src/${storey}`,
    from: './src/*.ts',
    message: `${storey}/ is below the entry point.`,
  })),
  {
    target: './src/ground',
    from: ['./src/core/**', './src/local/**', './src/extension/**', './src/*.ts'],
    message: 'ground/ is below all: it imports nothing of ours.',
  },
  ...['*.ts', 'commands/!(register|handlers).ts', 'commands/*/**'].map((files) => ({
    target: `./src/extension/${files}`,
    from: './src/extension/services.ts',
    message: 'a function names the services that it uses; only the wiring knows them all.',
  })),
  { target: './src', from: './test', message: 'the product knows nothing of its tests.' },
  // A file elsewhere would be a bridge around all of these.
  {
    target: './src',
    from: ['./*.*', './!(src|test|node_modules)/**'],
    message: 'the product imports its own files from src alone.',
  },
  ...Object.entries(storeys).flatMap(([storey, { ground, rooms: within }]) =>
    Object.entries(within).map(([room, lower]) => ({
      target: `./${storey}/${room}`,
      from: `./${storey}`,
      except: [room, ...lower, ...ground].map((name) => `./${name}`),
      message: `${room}/ imports only ${[...lower, 'the ground'].join(', ')}.`,
    })),
  ),
  ...Object.entries(storeys).flatMap(([storey, { ground }]) =>
    ground.map((name) => ({
      target: `./${storey}/${name}`,
      from: `./${storey}`,
      except: ground.map((other) => `./${other}`),
      message: `the ground of ${storey} imports no room of it.`,
    })),
  ),
];

const vscodeImport = { name: 'vscode', message: 'Only src/extension and src/extension.ts talk to the editor.' };
const sdkImport = {
  group: ['@runloop/api-client', '@runloop/api-client/*'],
  message: 'Only core/platform knows the Runloop SDK.',
};

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', '.vscode-test/', '.runloop-local/', 'artifacts/'] },
  eslint.configs.recommended,
  {
    // No comment opens a fence, neither for this linter nor for the others.
    linterOptions: { noInlineConfig: true },
    rules: { 'no-warning-comments': ['error', { terms: silencing, location: 'anywhere' }] },
  },
  {
    files: ['**/*.ts'],
    // What needs types, and import cycles, are .oxlintrc.json's.
    extends: [...tseslint.configs.strict, importX.flatConfigs.typescript],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      'import-x/no-duplicates': ['error', { 'prefer-inline': true }],
      curly: ['error', 'multi-line', 'consistent'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/ban-ts-comment': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...weakSignals, bareSkip] },
  },
  {
    files: ['test/run/skip.ts'],
    rules: { 'no-restricted-syntax': ['error', ...weakSignals] },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { house: { rules: { 'module-state': moduleState } } },
    rules: { ...restrictedSyntax(), 'house/module-state': 'error' },
  },
  {
    files: ['src/core/**/*.ts', 'src/local/**/*.ts', 'src/ground/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: [vscodeImport], patterns: [sdkImport] }],
      ...restrictedSyntax(importsVscode, importsSdk),
    },
  },
  {
    files: ['src/core/platform/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [vscodeImport] }], ...restrictedSyntax(importsVscode) },
  },
  {
    files: ['src/extension/**/*.ts', 'src/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [sdkImport] }], ...onlyIn(oneFileEach) },
  },
  ...oneFileEach.map(({ file }) => ({ files: [file], rules: onlyIn(oneFileEach.filter((one) => one.file !== file)) })),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    files: [
      'test/vscode/**/*.ts',
      'test/bench/**/*.ts',
      'test/proof/**/*.ts',
      'test/mutate/**/*.ts',
      'test/example/**/*.ts',
      'test/contract/run.ts',
      'test/vectors/main.ts',
      'test/ui/run*.ts',
      'test/host/index.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        require: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
      },
    },
  },
);
