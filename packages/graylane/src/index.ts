export { formatExchange } from './access-log.ts';
export { type Dev, type DevOptions, startDev } from './dev.ts';
export { formatTable } from './table.ts';
