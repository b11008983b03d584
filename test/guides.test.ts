import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { compilePolicy, openDocument, parseInstances, parsePolicy } from '@graylane/core';
import { parseGatewayConfig } from '@graylane/gateway';
import { describe, expect, it } from '@jest/globals';

const GUIDE = resolve(import.meta.dirname, '../docs/guide');
const textOf = (name: string): string => readFileSync(resolve(GUIDE, name), 'utf8');

/** The examples of a page, by the lines on which they begin. */
function examplesIn(name: string): (readonly [line: number, yaml: string])[] {
  const text = textOf(name);
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: yaml = '' }) => [text.slice(0, index).split('\n').length + 1, yaml] as const,
  );
}

/** Reads an example as the file that its first line names; one that names none is a part of a gateway's configuration. */
function read(yaml: string): void {
  const [, file] = /^# (\w+)\.yaml/.exec(yaml) ?? [];
  if (file === 'policy') compilePolicy(parsePolicy(yaml));
  else if (file === 'instances') parseInstances(openDocument(yaml).root?.raw);
  else parseGatewayConfig(['registry', 'policy'].reduce(withField, yaml));
}

function withField(yaml: string, name: string): string {
  return new RegExp(`^${name}:`, 'm').test(yaml) ? yaml : `${yaml}${name}: given.yaml\n`;
}

describe.each(['gateway.md', 'edge.md'])('%s', (name) => {
  it.each(examplesIn(name))('has an example on line %i that is valid', (_, yaml) => {
    read(yaml);
  });

  it('has examples at all', () => {
    expect(examplesIn(name).length).toBeGreaterThan(5);
  });
});

/** The anchor of a heading, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

describe('the links of the guide', () => {
  const links = readdirSync(GUIDE).flatMap((name) =>
    [...textOf(name).matchAll(/\]\(([^):\s]+\.md)(?:#([^)]+))?\)/g)].map(
      ([, target = '', anchor]) => [name, target, anchor] as const,
    ),
  );

  it.each(links)('%s → %s #%s lead somewhere', (_, target, anchor) => {
    const headings = [...textOf(target).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
    if (anchor !== undefined) expect(headings).toContain(anchor);
  });
});
