import { logDocument } from './parts/logDocument';
import { logTabs } from './parts/logTabs';
import { shareWindow } from './sharedWindow';

shareWindow('Logs in the editor', {}, logTabs, logDocument);
