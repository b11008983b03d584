import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { openGeo } from '../../src/edge/open-geo.ts';
import { atEnd } from '../stage.ts';
import { writeMmdb } from './write-mmdb.ts';

const headers = { country: 'x-country' };
const lines = ['X-Country', 'SG'];
const never = (error: Error): never => {
  throw error;
};

it('a place is what a trusted proxy says, and from the file what it does not say', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'graylane-geo-'));
  atEnd(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'city.mmdb'), writeMmdb({ '1.2.3.0/24': { country: 'DE', city: 'Berlin' } }));
  const geo = await openGeo({ file: 'city.mmdb', language: 'en', headers }, directory, never);
  atEnd(() => geo.close());
  expect(geo.place({ ip: '1.2.3.4', lines, believed: true })).toEqual({ country: 'SG', city: 'Berlin' });
  expect(geo.place({ ip: '1.2.3.4', lines, believed: false })).toEqual({ country: 'DE', city: 'Berlin' });
});

it('a place is found by headers alone', async () => {
  const geo = await openGeo({ language: 'en', headers }, '.', never);
  expect(geo.place({ ip: '1.2.3.4', lines, believed: true })).toEqual({ country: 'SG' });
  expect(geo.place({ ip: '1.2.3.4', lines, believed: false })).toEqual({});
  geo.close();
});

it('a file that is not there is said at once', async () => {
  await expect(openGeo({ file: 'gone.mmdb', language: 'en', headers: {} }, '.', () => {})).rejects.toMatchObject({
    code: 'GL_CONFIG_INVALID',
  });
});
