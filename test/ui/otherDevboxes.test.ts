import { plainVscode } from './parts/plainVscode';
import { virtualWorkspace } from './parts/virtualWorkspace';
import { shareWindow } from './sharedWindow';

shareWindow('Devboxes and folders of another kind', {}, plainVscode, virtualWorkspace);
