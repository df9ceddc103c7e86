/** Rows that cursor addressing can reach. The shell is told the same number. */
export const screenRows = 50;

/** Columns that programs are told. Lines are never broken there. */
export const screenColumns = 1000;
