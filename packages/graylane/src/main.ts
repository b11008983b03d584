#!/usr/bin/env node
import './supported-node.ts';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addDev } from './commands/dev.ts';
import { addExplain } from './commands/explain.ts';
import { addGateway } from './commands/gateway.ts';
import { addInstances } from './commands/instances.ts';
import { addPass } from './commands/pass.ts';
import { addPolicy } from './commands/policy.ts';
import { statusOf } from './failure.ts';
import { createNotices } from './notices.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('graylane')
  .description('Full-link gray release for Node.js.')
  .version(version, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this')
  .helpCommand(false)
  .configureOutput({
    getOutHelpWidth: () => helpWidth(process.stdout),
    getErrHelpWidth: () => helpWidth(process.stderr),
  })
  .showHelpAfterError('See graylane --help, or graylane COMMAND --help.')
  .addHelpText(
    'after',
    `
Each command has its own --help.
Exit status: 0 when all is well, 1 when something failed or was found, 2 when the call was wrong.`,
  )
  .exitOverride();
const notice = createNotices();
for (const add of [addDev, addGateway, addInstances, addExplain, addPolicy, addPass]) add(program, notice);

// Whoever read the output went away: no reason for a gateway to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
  const told = (error as { code?: string }).code?.startsWith('commander.');
  if (!told) notice(error as Error);
}

function helpWidth({ columns = 100 }: { columns?: number }): number {
  return Math.min(columns, 100);
}
