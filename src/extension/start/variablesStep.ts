import { l10n, Uri, window, workspace } from 'vscode';
import { longestDotEnv, parseDotEnv } from '../../core/start/dotEnv';
import { isVariableName } from '../../core/start/typedVariables';
import { shown, withChoices, type StartStep, type Valued } from './answers';
import { optionalHint, pickStep, textStep, type StepHeader } from './steps';

type Variables = Readonly<Record<string, string>>;

type Choice = 'done' | 'add' | 'other' | { readonly file: Uri } | { readonly name: string };

/** What stands for a value, however long it is. */
const dots = '••••••';

/** Variables of the devbox, one at a time or from a `.env` file. Their values are shown nowhere and never kept. */
export const variablesStep: StartStep = async (answers, header) => {
  let variables: Variables = answers.choices.environment ?? {};
  const files = await filesOfFolders();
  for (;;) {
    const result = await pickStep(header, {
      placeHolder: optionalHint(l10n.t('Environment variables')),
      items: itemsFor(variables, files),
    });
    if (result.kind === 'left') return result;
    // What was entered is kept for when the step is come to again.
    if (result.kind === 'back') return { ...withChoices(answers, { environment: variables }), kind: 'back' };
    const picked = result.value[0]?.value ?? 'done';
    if (picked === 'done') return withChoices(answers, { environment: variables });
    const changed =
      picked === 'add'
        ? await added(header, variables)
        : picked === 'other'
          ? await loaded(await otherFile(), variables)
          : 'file' in picked
            ? await loaded(picked.file, variables)
            : await edited(header, variables, picked.name);
    if (changed === 'left') return { kind: 'left' };
    variables = changed;
  }
};

function itemsFor(variables: Variables, files: readonly Uri[]): Valued<Choice>[] {
  const names = Object.keys(variables);
  const count =
    names.length === 0
      ? l10n.t('no variables')
      : names.length === 1
        ? l10n.t('1 variable')
        : l10n.t('{0} variables', names.length);
  return [
    { label: `$(arrow-right) ${l10n.t('Continue')}`, description: count, value: 'done' },
    { label: `$(add) ${l10n.t('Add a variable…')}`, value: 'add' },
    ...files.map((file): Valued<Choice> => ({
      label: `$(file) ${l10n.t('Load {0}', shown(workspace.asRelativePath(file)))}`,
      value: { file },
    })),
    {
      label: `$(folder-opened) ${files.length === 0 ? l10n.t('Load from a .env file…') : l10n.t('Load from another .env file…')}`,
      value: 'other',
    },
    ...names.map((name): Valued<Choice> => ({
      label: name,
      description: dots,
      detail: l10n.t('Change or remove'),
      value: { name },
    })),
  ];
}

/** Asks for a name, then for its value; Back leaves things as they are. */
async function added(header: StepHeader, variables: Variables): Promise<Variables | 'left'> {
  const name = await textStep(below(header), {
    prompt: l10n.t('Name of the variable'),
    value: '',
    problem: (text) =>
      isVariableName(text)
        ? undefined
        : l10n.t('Enter a name of letters, digits and _ that does not begin with a digit. You enter its value next.'),
  });
  if (name.kind === 'left') return 'left';
  return name.kind === 'back' ? variables : withValue(header, variables, name.value.text);
}

async function withValue(header: StepHeader, variables: Variables, name: string): Promise<Variables | 'left'> {
  const value = await textStep(below(header), {
    prompt: l10n.t('Value of {0}', name),
    value: '',
    problem: () => undefined,
    isHidden: true,
  });
  if (value.kind === 'left') return 'left';
  return value.kind === 'back' ? variables : { ...variables, [name]: value.value.text };
}

async function edited(header: StepHeader, variables: Variables, name: string): Promise<Variables | 'left'> {
  const items: Valued<'change' | 'remove'>[] = [
    { label: `$(edit) ${l10n.t('Change the value…')}`, value: 'change' },
    { label: `$(trash) ${l10n.t('Remove the variable')}`, value: 'remove' },
  ];
  const result = await pickStep(below(header), { placeHolder: l10n.t('Select what to do with {0}', name), items });
  if (result.kind === 'left') return 'left';
  if (result.kind === 'back') return variables;
  if (result.value[0]?.value === 'change') return withValue(header, variables, name);
  return Object.fromEntries(Object.entries(variables).filter(([other]) => other !== name));
}

/** A question within the step, from which Back leads to the step's own. */
function below(header: StepHeader): StepHeader {
  return { ...header, step: Math.max(header.step, 2) };
}

/** `.env` files of the open folders. */
async function filesOfFolders(): Promise<readonly Uri[]> {
  const files = (workspace.workspaceFolders ?? []).map(({ uri }) => Uri.joinPath(uri, '.env'));
  const there = await Promise.all(
    files.map((file) =>
      workspace.fs.stat(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return files.filter((_, index) => there[index] === true);
}

async function otherFile(): Promise<Uri | undefined> {
  const chosen = await window.showOpenDialog({
    canSelectMany: false,
    openLabel: l10n.t('Load'),
    title: l10n.t('File with environment variables'),
  });
  return chosen?.[0];
}

/** With the variables of a file; what is wrong with one is said, without anything of its text. */
async function loaded(file: Uri | undefined, variables: Variables): Promise<Variables> {
  if (file === undefined) return variables;
  const name = shown(workspace.asRelativePath(file));
  const complain = (text: string): Variables => {
    void window.showWarningMessage(text);
    return variables;
  };
  let text: string;
  try {
    const { size } = await workspace.fs.stat(file);
    if (size > longestDotEnv) return complain(l10n.t('{0} is too large to be a file of variables.', name));
    text = Buffer.from(await workspace.fs.readFile(file)).toString('utf8');
  } catch {
    return complain(l10n.t('{0} cannot be read.', name));
  }
  const read = parseDotEnv(text);
  if ('wrongLine' in read) {
    return complain(l10n.t('Line {0} of {1} is not NAME=value. Nothing was loaded from it.', read.wrongLine, name));
  }
  return { ...variables, ...read.variables };
}
