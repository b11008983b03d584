/** What a suite found, for people and for machines. */
export interface Report {
  readonly suite: string;
  readonly tables: readonly Table[];
  /** What was skipped, refused or taken in spite of noise, and why. */
  readonly notes: readonly string[];
  readonly goals: readonly Goal[];
}

/** A table whose first column names the row. Ratios are the result; everything else is raw material. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Readonly<Record<string, Cell>>[];
}

/** A column: the key of its cells, and what stands above it. */
export interface Column {
  readonly key: string;
  readonly title: string;
}

/** Undefined where nothing was measured. */
export type Cell = string | number | Spread | undefined;

/** A ratio over several rounds. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** How many rounds. */
  readonly rounds: number;
}

/** A goal of the project and what was reached: a ratio, or bytes where the name says so, is to be at most one of these. */
export interface Goal {
  readonly name: string;
  /** Undefined when it was not measured. */
  readonly reached: number | undefined;
  /** What a release has to reach. Left out where there is only a goal. */
  readonly must?: number;
  /** Close to what the machine allows. Left out where none is set. */
  readonly goal?: number;
}

/** A report as text for a terminal. */
export function formatReport({ suite, tables, notes, goals }: Report): string {
  const parts = [`# ${suite}`, ...tables.map(formatTable)];
  if (goals.length > 0) parts.push(formatTable(goalTable(goals)));
  if (notes.length > 0) parts.push(notes.map((note) => `- ${note}`).join('\n'));
  return parts.join('\n\n');
}

/** A table with aligned columns: texts to the left, numbers to the right. */
export function formatTable({ title, columns, rows }: Table): string {
  const texts = columns.map(({ key, title }) => [title, ...rows.map((row) => formatCell(row[key]))]);
  const aligned = texts.map((column, at) => {
    const width = Math.max(...column.map((text) => text.length));
    const isText = rows.every((row) => typeof row[(columns[at] as Column).key] === 'string');
    const [head = '', ...cells] = column.map((text) => (isText ? text.padEnd(width) : text.padStart(width)));
    return [head, '-'.repeat(width), ...cells];
  });
  const lines = (aligned[0] ?? []).map((_, line) =>
    aligned
      .map((column) => column[line])
      .join('  ')
      .trimEnd(),
  );
  return [title, '', ...lines].join('\n');
}

function formatCell(cell: Cell): string {
  if (cell === undefined) return '-';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number') return formatNumber(cell);
  const { median, low, high, rounds } = cell;
  return rounds === 1 ? formatNumber(median) : `${formatNumber(median)} (${formatNumber(low)}-${formatNumber(high)})`;
}

/** Three digits, and thousands apart. */
function formatNumber(value: number): string {
  if (value === 0 || Number.isInteger(value)) return value.toLocaleString('en');
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en', {
    minimumFractionDigits: Math.min(digits, 3),
    maximumFractionDigits: Math.min(digits, 3),
  });
}

function goalTable(goals: readonly Goal[]): Table {
  return {
    title: 'Goals (at most; ratios where nothing else is named)',
    columns: [
      { key: 'name', title: 'goal' },
      { key: 'reached', title: 'reached' },
      { key: 'must', title: 'must' },
      { key: 'goal', title: 'goal' },
      { key: 'verdict', title: '' },
    ],
    rows: goals.map((goal) => ({ ...goal, verdict: verdictOf(goal) })),
  };
}

function verdictOf({ reached, must, goal }: Goal): string {
  if (reached === undefined) return 'not measured';
  if (must !== undefined && reached > must) return 'MISSED';
  if (goal !== undefined && reached > goal) return must === undefined ? 'goal missed' : 'must met, goal missed';
  return 'met';
}
