import { commands, l10n, QuickPickItemKind, window, workspace } from 'vscode';
import type { Prices } from '../../core/cost/prices';
import type { Choice } from '../../core/platform/choices';
import type { StartSource } from '../../core/start/startChoices';
import { saysYes } from '../messages/ask';
import { readSettings } from '../account/settings';
import { escapeForEditor } from '../messages/escapeForEditor';
import { estimatedHour, shown, withChoices, type Answers, type Offers, type StartStep, type Valued } from './answers';
import { choicesText } from './choicesText';
import type { OfferedPreset, PresetProblem } from './presets';
import { tellOfMissingFolder } from './realFolder';
import { pickStep } from './steps';

type Picked =
  | { readonly kind: 'source'; readonly source: StartSource; readonly buildFirst: boolean }
  | { readonly kind: 'preset'; readonly preset: OfferedPreset }
  | { readonly kind: 'problem'; readonly problem: PresetProblem }
  | { readonly kind: 'none' };

type Row = Valued<Picked>;

/** What to start from: a preset, a blueprint with its build state, a snapshot, or Runloop's default image. */
export function sourceStep(offers: Promise<Offers>): StartStep {
  return async (answers, header) => {
    for (;;) {
      const result = await pickStep(header, {
        placeHolder: l10n.t('Select what to start from'),
        items: offers.then((read) => rows(read, answers.prices)),
        isActive: ({ value }) => isChosen(value, answers),
      });
      if (result.kind !== 'next') return result;
      const picked = result.value[0]?.value;
      if (picked?.kind === 'source') {
        const next = withChoices(answers, { source: picked.source }).value;
        return { kind: 'next', value: { ...next, preset: undefined, buildFirst: picked.buildFirst } };
      }
      if (picked?.kind === 'problem') {
        await openProblem(picked.problem);
        return { kind: 'left' };
      }
      if (picked?.kind === 'preset' && picked.preset.lacksFolder) {
        await tellOfMissingFolder();
        continue;
      }
      if (picked?.kind === 'preset' && (await mayUse(picked.preset))) {
        return {
          kind: 'next',
          value: { ...answers, choices: picked.preset.choices, preset: picked.preset, buildFirst: false },
        };
      }
    }
  };
}

function isChosen(picked: Picked, { choices, preset }: Answers): boolean {
  if (picked.kind === 'preset') return picked.preset === preset;
  return (
    preset === undefined && picked.kind === 'source' && JSON.stringify(picked.source) === JSON.stringify(choices.source)
  );
}

function rows(offers: Offers, prices: Prices | undefined): readonly Row[] {
  const usual = readSettings().blueprint;
  const blueprints = [...offers.blueprints].sort((a, b) => Number(b.name === usual) - Number(a.name === usual));
  const build: Row[] = blueprints.some(({ name }) => name === usual)
    ? []
    : [
        {
          label: `$(tools) ${l10n.t('Build the blueprint {0}', shown(usual))}`,
          description: l10n.t('from the OpenHands runtime image; takes several minutes, once'),
          value: { kind: 'source', source: { kind: 'blueprint', name: usual }, buildFirst: true },
        },
      ];
  return [
    ...group(l10n.t('Presets'), [
      ...offers.presets.map((preset) => presetRow(preset, prices)),
      ...offers.problems.map(problemRow),
    ]),
    ...group(l10n.t('Blueprints'), [...build, ...blueprints.map((blueprint) => blueprintRow(blueprint, usual))]),
    ...group(
      l10n.t('Snapshots'),
      offers.snapshots.map(({ id, name }) => ({
        label: `$(history) ${shown(name === '' ? id : name)}`,
        description: l10n.t('snapshot'),
        value: { kind: 'source', source: { kind: 'snapshot', id }, buildFirst: false },
      })),
    ),
    ...group(l10n.t('No Blueprint'), [
      {
        label: `$(vm) ${l10n.t('Plain devbox')}`,
        description: l10n.t('the default image, without an action server'),
        value: { kind: 'source', source: { kind: 'plain' }, buildFirst: false },
      },
    ]),
  ];
}

function group(label: string, items: readonly Row[]): readonly Row[] {
  return items.length === 0 ? [] : [{ label, kind: QuickPickItemKind.Separator, value: { kind: 'none' } }, ...items];
}

function presetRow(preset: OfferedPreset, prices: Prices | undefined): Row {
  const price = estimatedHour(preset.choices, prices);
  return {
    label: `$(bookmark) ${shown(preset.name)}`,
    description:
      preset.folder === undefined
        ? l10n.t('from the settings')
        : l10n.t('from the folder {0}', shown(preset.folder.name)),
    detail: [
      ...(preset.lacksFolder ? [l10n.t('needs a folder on this computer to upload')] : []),
      choicesText(preset.choices).slice(0, 200),
      ...(price === undefined ? [] : [l10n.t('about ${0} an hour (estimate)', price)]),
    ].join(' · '),
    value: { kind: 'preset', preset },
  };
}

function problemRow(problem: PresetProblem): Row {
  return {
    label: `$(warning) ${l10n.t('Presets that cannot be used')}`,
    description: problem.file === undefined ? l10n.t('from the settings') : '.runloop/devbox.json',
    detail: escapeForEditor(problem.reason).slice(0, 200),
    value: { kind: 'problem', problem },
  };
}

function blueprintRow({ name, status }: Choice, usual: string): Row {
  const source: StartSource = { kind: 'blueprint', name };
  if (status === 'build_complete') {
    const description = name === usual ? l10n.t('blueprint, default') : l10n.t('blueprint');
    return { label: `$(package) ${shown(name)}`, description, value: { kind: 'source', source, buildFirst: false } };
  }
  const state = shown(status ?? '');
  return status === 'failed'
    ? {
        label: `$(error) ${shown(name)}`,
        description:
          name === usual
            ? l10n.t('blueprint, its build failed: build it again')
            : l10n.t('blueprint, {0}: cannot be started', state),
        value: name === usual ? { kind: 'source', source, buildFirst: true } : { kind: 'none' },
      }
    : {
        label: `$(sync) ${shown(name)}`,
        description: l10n.t('blueprint, {0}: the start waits for its build', state),
        value: { kind: 'source', source, buildFirst: true },
      };
}

/** A preset of a folder that is not trusted is used only after a yes to what it would do. */
async function mayUse({ name, choices, folder }: OfferedPreset): Promise<boolean> {
  if (folder === undefined || workspace.isTrusted) return true;
  return saysYes({
    question: l10n.t('The folder {0} is not trusted. Use its preset {1}?', shown(folder.name), shown(name)),
    detail: l10n.t('It starts a devbox with: {0}.', choicesText(choices)),
    yes: l10n.t('Use Preset'),
  });
}

async function openProblem({ file }: PresetProblem): Promise<void> {
  if (file === undefined) await commands.executeCommand('workbench.action.openSettings', 'runloop.presets');
  else await window.showTextDocument(file);
}
