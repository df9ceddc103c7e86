import { parentPort } from 'node:worker_threads';
import { searchLines, type SearchTask } from './lineSearch';

// A program of its own, for a thread: each message is a task, each answer the task's matches.
parentPort?.on('message', (task: SearchTask) => parentPort?.postMessage(searchLines(task)));
