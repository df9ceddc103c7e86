import { Range, TextEditorRevealType, window, workspace } from 'vscode';
import { lookUpLimitMs, whenSlow } from '../../messages/whenSlow';
import type { Agents } from '../agents';
import type { LiveAgent } from '../liveAgent';
import { lineToShow } from '../sessionText';

/**
 * Opens the document of a session at what waits there, else at its end.
 *
 * @param isNew shows one that has just been started before it has said anything: who looks at it is not told that it waits
 */
export async function openSession(agents: Agents, agent: LiveAgent, isNew = false): Promise<void> {
  if (!agent.isRead && !isNew) await whenSlow(() => agent.look(), { limitMs: lookUpLimitMs });
  const document = await workspace.openTextDocument(agents.documents.sessionUri(agent));
  const line = lineToShow(document.getText());
  const editor = await window.showTextDocument(document, { preview: false });
  // No further than it takes: what can be done stands above the first line.
  editor.revealRange(new Range(line, 0, line, 0), TextEditorRevealType.Default);
  agents.documents.settle();
}
