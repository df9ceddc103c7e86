import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import { importX } from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';

/** Who may import whom: the house picture in CONTRIBUTING.md. */
const rooms = [
  { target: './src/core', from: './src/extension', message: 'core/ must work without an editor.' },
  { target: './src/core', from: './src/extension.ts', message: 'core/ must work without an editor.' },
  { target: './src/core', from: './src/local', message: 'core/ meets the local platform only over HTTP.' },
  { target: './src/local', from: './src/core', message: 'local/ is the other side of the wire.' },
  { target: './src/local', from: './src/extension', message: 'local/ is the other side of the wire.' },
  {
    target: './src/extension',
    from: './src/local',
    message: 'extension/ starts the local platform as a process; it does not import it.',
  },
  {
    target: './src/local/devbox',
    from: './src/local/server',
    message: 'routes know devboxes, not the other way round.',
  },
  {
    target: './src/local/actionServer',
    from: ['./src/local/server', './src/local/devbox'],
    message: 'the action server is a program of its own.',
  },
  {
    target: ['./src/local/server', './src/local/devbox'],
    from: './src/local/actionServer',
    message: 'the action server is a program of its own.',
  },
  { target: './src', from: './test', message: 'the product knows nothing of its tests.' },
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
    files: ['**/*.ts'],
    // What needs types, and import cycles, are .oxlintrc.json's.
    extends: [...tseslint.configs.strict, importX.flatConfigs.typescript],
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      'import-x/no-duplicates': ['error', { 'prefer-inline': true }],
      curly: ['error', 'multi-line', 'consistent'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/ban-ts-comment': 'error',
      'import-x/no-restricted-paths': ['error', { zones: rooms.flatMap((room) => [room].flat()) }],
    },
  },
  {
    files: ['src/core/**/*.ts', 'src/local/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [vscodeImport], patterns: [sdkImport] }] },
  },
  {
    files: ['src/core/platform/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: [vscodeImport] }] },
  },
  {
    files: ['src/extension/**/*.ts', 'src/extension.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [sdkImport] }] },
  },
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
