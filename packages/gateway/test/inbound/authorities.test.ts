import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readAuthorities } from '../../src/inbound/authorities.ts';
import { readTLSFiles } from '../../src/inbound/tls.ts';
import { createAuthority, temporary } from './listening.ts';

it('authorities are read one by one, and what is none is a mistake with the name of its file', async () => {
  const directory = await temporary();
  const authority = await createAuthority(directory);
  const text = await readFile(authority.ca, 'utf8');
  const file = join(directory, 'bundle.pem');
  await writeFile(file, `the first\n${text}\nthe second\n${text}`);
  expect(readAuthorities(file).map(String)).toEqual([text.trim(), text.trim()]);
  for (const [content, said] of [
    ['', 'bundle.pem holds no certificate in PEM'],
    [
      `${text}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      'bundle.pem: certificate 2 cannot be read',
    ],
  ] as const) {
    await writeFile(file, content);
    expect(() => readAuthorities(file)).toThrow(said);
    const certificates = [await authority.issue('shop', 'shop')];
    expect(() => readTLSFiles({ certificates, clientCA: file })).toThrow(said);
  }
});
