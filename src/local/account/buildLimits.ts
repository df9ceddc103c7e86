import { DevboxError } from '../errors';
import { requireCommand, requirePath, requireStartable } from '../sandbox/wordLimits';
import type { Dockerfile } from './dockerfile/plan';
import type { DockerfileStep } from './dockerfile/steps';

/**
 * Refuses a plan with what Linux would refuse in the midst of the build: words, variables and paths that are too long.
 * @throws DevboxError `invalid` that names the step and the limit
 */
export function requireBuildable({ stages, environment }: Dockerfile): void {
  for (const step of stages.flatMap((stage) => stage.steps)) {
    try {
      requireStep(step);
    } catch (error) {
      if (!(error instanceof DevboxError)) throw error;
      const title = step.title.length > 60 ? `${step.title.slice(0, 60)}…` : step.title;
      throw new DevboxError('invalid', `${title} (Dockerfile): ${error.message}`, { cause: error });
    }
  }
  requireStartable(environment, 'variable of the Dockerfile');
}

function requireStep(step: DockerfileStep): void {
  switch (step.kind) {
    case 'run':
      requireStartable(step.variables, 'variable');
      step.argv.forEach((word) => requireCommand(word, 'The command'));
      requirePath(step.folder, 'The working folder');
      step.mounts.forEach(({ target }) => requirePath(target, 'The target of a mount'));
      break;
    case 'copy':
      requirePath(step.target, 'The target');
      step.sources.forEach((source) => requirePath(source, 'A source'));
      break;
    case 'folder':
      requirePath(step.path, 'The folder');
      break;
    case 'base':
    case 'note':
      break;
  }
}
