import { bigAccount } from './parts/bigAccount';
import { devboxTree } from './parts/devboxTree';
import { keyboardOnly } from './parts/keyboard';
import { shareWindow } from './sharedWindow';

shareWindow('The tree, small and big', {}, devboxTree, keyboardOnly, bigAccount);
