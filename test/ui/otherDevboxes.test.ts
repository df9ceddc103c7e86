import { faultyLogs } from './parts/faultyLogs';
import { openTabs } from './parts/openTabs';
import { plainVscode } from './parts/plainVscode';
import { virtualWorkspace } from './parts/virtualWorkspace';
import { shareWindow } from './sharedWindow';

shareWindow('Platforms, devboxes and folders of another kind', {}, faultyLogs, plainVscode, openTabs, virtualWorkspace);
