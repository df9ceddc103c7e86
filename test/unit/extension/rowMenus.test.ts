import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { asArray, asObject, asString, parseJson } from '../../../src/core/parse';

const contributes = asObject(asObject(parseJson(readFileSync('package.json', 'utf8')))?.['contributes']);
const menus = asObject(contributes?.['menus']);
/** What each submenu holds. */
const submenus = new Map(
  asArray(contributes?.['submenus']).map((submenu) => {
    const id = asString(asObject(submenu)?.['id']) ?? '';
    const commands = asArray(menus?.[id]).map((entry) => asString(asObject(entry)?.['command'])?.slice(8) ?? '');
    return [id.slice(8), commands] as const;
  }),
);
const entries = asArray(menus?.['view/item/context'])
  .map(asObject)
  .map((entry) => ({
    what: asString(entry?.['command']) ?? asString(entry?.['submenu']) ?? '',
    when: asString(entry?.['when']) ?? '',
    isInline: asString(entry?.['group'])?.startsWith('inline') === true,
  }));

/** Whether an entry shows for a row, as the editor decides it; only what the manifest uses of its expressions. */
function shows(when: string, viewItem: string, several: boolean): boolean {
  return when.split(' && ').every((clause) => {
    if (clause === 'view == runloop.devboxes') return true;
    if (clause === 'listMultiSelection') return several;
    if (clause === '!listMultiSelection') return !several;
    const pattern = /^viewItem =~ \/(.*)\/$/.exec(clause)?.[1];
    if (pattern !== undefined) return new RegExp(pattern).test(viewItem);
    const value = /^viewItem == (.*)$/.exec(clause)?.[1];
    return value !== undefined ? value === viewItem : false;
  });
}

const states = [
  ...['starting', 'suspending', 'suspended', 'ended', 'running', 'running.idle'],
  ...['running.attached', 'running.attached.idle'],
];
const fileRows = ['files', 'file.root', 'file.folder', 'file.file'];
const plainRows = ['changes.repository.plain', 'changes.repository.clean.plain'];
const changeRows = [
  'changes',
  'changes.repository',
  'changes.repository.clean',
  'changes.group',
  'changes.file',
  'changes.file.seen',
  'changes.file.uncommitted.seen',
  'changes.group.seen',
  'changes.seen',
];
const devboxRows = states.flatMap((state) =>
  ['', '.pinned', '.attention', '.pinned.attention'].map((more) => `devbox.${state}${more}`),
);
const portRows = ['ports', 'ports.open', 'port', 'port.forwarded', 'port.local'];
const rows = [...devboxRows, ...fileRows, ...changeRows, ...plainRows, ...portRows];
const menu = (row: string, several = false): string[] =>
  entries.filter(({ when, isInline }) => !isInline && shows(when, row, several)).map(({ what }) => what.slice(8));

describe('The menus of rows', () => {
  it('have at most three buttons and twelve entries, each once', () => {
    for (const row of rows) {
      const inline = entries.filter(({ when, isInline }) => isInline && shows(when, row, false));
      assert.ok(inline.length <= 3, `${row}: ${inline.map(({ what }) => what).join()}`);
      const offered = menu(row);
      assert.ok(offered.length <= 12, `${row}: ${offered.join()}`);
      assert.equal(new Set(offered).size, offered.length, `${row}: ${offered.join()}`);
    }
  });

  it('are right whatever else is said of a row', () => {
    for (const more of ['', '.pinned', '.attention', '.pinned.attention']) {
      assert.ok(menu(`devbox.running${more}`).includes('attachDevbox'), more);
      assert.ok(menu(`devbox.running.idle${more}`).includes('attachDevbox'), more);
      assert.ok(!menu(`devbox.running.attached${more}`).includes('attachDevbox'), more);
      assert.ok(menu(`devbox.running.attached.idle${more}`).includes('toggleKeepAlive'), more);
      assert.ok(menu(`devbox.running.attached.idle${more}`).includes('snapshotDevbox'), more);
      assert.ok(menu(`devbox.suspended${more}`).includes('resumeDevbox'), more);
      assert.ok(menu(`devbox.ended${more}`).includes('startAgain'), more);
      assert.ok(!menu(`devbox.ended${more}`).includes('shutDownDevbox'), more);
      assert.ok(!menu(`devbox.ended${more}`).includes('renameDevbox'), more);
      for (const state of states) assert.ok(menu(`devbox.${state}${more}`).includes('logs'), `${state}${more}`);
    }
  });

  it('let every devbox be pinned and unpinned, one alone and with others, where it needs attention as well', () => {
    for (const state of states) {
      for (const attention of ['', '.attention']) {
        for (const several of [false, true]) {
          const marks = (row: string): string[] => menu(row, several).filter((what) => /^(un)?pin/.test(what));
          assert.deepEqual(marks(`devbox.${state}${attention}`), ['pinDevbox'], `${state}${attention}`);
          assert.deepEqual(marks(`devbox.${state}.pinned${attention}`), ['unpinDevbox'], `${state}.pinned${attention}`);
        }
      }
    }
  });

  it('have all that a devbox is offered elsewhere where it needs attention', () => {
    for (const state of states) {
      for (const several of [false, true]) {
        const there = menu(`devbox.${state}.attention`, several).flatMap((what) => submenus.get(what) ?? [what]);
        const elsewhere = menu(`devbox.${state}`, several).flatMap((what) => submenus.get(what) ?? [what]);
        assert.deepEqual(there.filter((what) => what !== 'dismissDevbox').sort(), elsewhere.sort(), state);
      }
    }
  });

  it('let changes be marked as seen, and as not seen where they are, one alone and with others', () => {
    for (const row of [...changeRows, ...plainRows]) {
      const isClean = row === 'changes' || row.includes('clean');
      const marks = isClean ? [] : [row.endsWith('seen') ? 'markChangesUnseen' : 'markChangesSeen'];
      for (const several of [false, true]) {
        const offered = menu(row, several).filter((what) => what.startsWith('mark'));
        assert.deepEqual(offered, marks, row);
      }
    }
  });

  it('of files have what files are for, and nothing of devboxes', () => {
    const folder = ['openFolderHere', 'searchFiles', 'goToFile', 'newFile', 'newFolder', 'uploadFiles'];
    assert.deepEqual(menu('files'), [...folder, 'downloadFile']);
    assert.deepEqual(menu('file.root'), folder);
    assert.deepEqual(menu('file.folder'), [...folder, 'downloadFile', 'renameFile', 'deleteFile']);
    assert.deepEqual(menu('file.file'), ['downloadFile', 'renameFile', 'deleteFile']);
    assert.deepEqual(menu('file.file', true), ['deleteFile']);
  });

  it('of changes have what is done with them', () => {
    assert.deepEqual(menu('changes'), []);
    assert.deepEqual(menu('changes.repository.clean'), ['openInSourceControl', 'sendReview', 'bringHome']);
    assert.deepEqual(menu('changes.repository.clean.plain'), ['sendReview', 'bringHome']);
    const all = ['openAllChanges', 'markChangesSeen'];
    const [open, seen] = all;
    assert.deepEqual(menu('changes.repository'), [open, 'openInSourceControl', seen, 'sendReview', 'bringHome']);
    assert.deepEqual(menu('changes.repository.plain'), [...all, 'sendReview', 'bringHome']);
    assert.deepEqual(menu('changes.group'), [...all, 'bringHome']);
    assert.deepEqual(menu('changes.file'), ['markChangesSeen']);
    assert.deepEqual(menu('changes.file.uncommitted'), ['markChangesSeen', 'bringHome']);
    // What is seen already is not marked once more.
    assert.deepEqual(menu('changes.group.seen'), [open, 'markChangesUnseen', 'bringHome']);
    assert.deepEqual(menu('changes.file.seen'), ['markChangesUnseen']);
    assert.deepEqual(menu('changes.file.uncommitted.seen'), ['markChangesUnseen', 'bringHome']);
  });

  it('of ports open, forward and copy what can be reached, and ask for a token where everybody can', () => {
    assert.deepEqual(
      portRows.map((row) => menu(row)),
      [
        [],
        ['requireToken'],
        ['openPort', 'forwardPort', 'copyPortUrl'],
        ['openPort', 'forwardPort', 'stopForwarding', 'copyPortUrl'],
        [],
      ],
    );
  });

  it('offer for several rows only what acts on all of them', () => {
    const several = [
      ...['copyDevboxId', 'dismissDevbox', 'pinDevbox', 'deleteFile', 'resumeDevbox', 'searchLogs', 'shutDownDevbox'],
      ...['runCommand', 'suspendDevbox', 'toggleKeepAlive', 'unpinDevbox', 'markChangesSeen', 'markChangesUnseen'],
    ];
    for (const row of rows) for (const what of menu(row, true)) assert.ok(several.includes(what), `${row}: ${what}`);
  });

  it('have a key for several rows only where they are offered for several', () => {
    const keys = asArray(contributes?.['keybindings'])
      .map(asObject)
      .filter((key) => key?.['args'] === 'selection')
      .map((key) => ({ what: asString(key?.['command'])?.slice(8) ?? '', when: asString(key?.['when']) ?? '' }));
    assert.ok(keys.length >= 3);
    for (const { what, when } of keys) {
      const isForSeveral = rows.some((row) => menu(row, true).includes(what));
      assert.equal(when.includes('!listMultiSelection'), !isForSeveral, what);
    }
  });

  it('belong to at most 75 commands', () => {
    assert.ok(asArray(contributes?.['commands']).length <= 75);
  });
});
