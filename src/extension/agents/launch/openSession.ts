import { Range, window, workspace } from 'vscode';
import { lookUpLimitMs, whenSlow } from '../../messages/whenSlow';
import type { Agents } from '../agents';
import type { LiveAgent } from '../liveAgent';

/** Opens the document of a session at what waits there, else at its end. */
export async function openSession(agents: Agents, agent: LiveAgent): Promise<void> {
  if (!agent.isRead) await whenSlow(() => agent.look(), { limitMs: lookUpLimitMs });
  const document = await workspace.openTextDocument(agents.documents.sessionUri(agent));
  const line = agents.documents.lineToShow(agent);
  await window.showTextDocument(document, { preview: false, selection: new Range(line, 0, line, 0) });
  agents.documents.settle();
}
