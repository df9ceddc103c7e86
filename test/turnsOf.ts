/** How often others had their turn of the event loop while something was done. */
export async function turnsOf<T>(work: () => Promise<T>): Promise<{ readonly turns: number; readonly result: T }> {
  let turns = 0;
  let isOver = false;
  const next = (): void => {
    turns += 1;
    if (!isOver) setImmediate(next);
  };
  setImmediate(next);
  const result = await work();
  isOver = true;
  return { turns, result };
}
