import { commandVectors, serverVectors } from './commandRequests';
import { encodingVectors } from './encodingRequests';
import { editorVectors, fileVectors } from './fileRequests';
import { shellVectors } from './shellRequests';
import { furtherVectors } from './terminalRequests';
import type { Vector } from './vector';

/** Every vector, in the order in which they are to be run. */
export const vectors: readonly Vector[] = [
  ...serverVectors,
  ...commandVectors,
  ...fileVectors,
  ...editorVectors,
  ...furtherVectors,
  ...encodingVectors,
  ...shellVectors,
];
