import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type FindPlace, geoFile, placeInHeaders, withoutPlaceHeaders } from '../../src/edge/geo.ts';
import { atEnd } from '../stage.ts';
import { writeMmdb } from './write-mmdb.ts';

const BERLIN = {
  country: { iso_code: 'DE', names: { en: 'Germany' } },
  subdivisions: [{ iso_code: 'BE', names: { en: 'State of Berlin' } }, { iso_code: 'X' }],
  city: { names: { en: 'Berlin', 'zh-CN': '柏林' } },
};
const RECORDS = {
  '81.2.69.0/24': BERLIN,
  '10.0.0.0/8': BERLIN,
  '2001:4860::/32': { country: { iso_code: 'US' } },
  '5.6.7.8/32': { country_code: 'SG', country: 'Singapore', region: 'Central', city: 'Singapore' },
  '5.6.7.9/32': { country: 'JP', city: '' },
  '5.6.8.0/24': { continent: { code: 'EU' }, is_eu: true },
};

let path = '';
let failures: string[] = [];

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'graylane-geo-'));
  path = join(directory, 'city.mmdb');
  failures = [];
  atEnd(() => rmSync(directory, { recursive: true }));
});

function follow(bytes: Buffer, language = 'en'): { find: FindPlace; ready: () => Promise<void> } {
  writeFileSync(path, bytes);
  const { find, file } = geoFile(path, language, { onError: ({ message }) => failures.push(message), pollMs: 20 });
  atEnd(() => file.close());
  return { find, ready: file.ready };
}

async function open(bytes: Buffer, language?: string): Promise<FindPlace> {
  const { find, ready } = follow(bytes, language);
  await ready();
  return find;
}

function replace(bytes: Buffer): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the place of an address', () => {
  it.each([
    ['81.2.69.160', { country: 'DE', region: 'BE', city: 'Berlin' }],
    ['::ffff:81.2.69.160', { country: 'DE', region: 'BE', city: 'Berlin' }],
    ['::ffff:5102:45a0', { country: 'DE', region: 'BE', city: 'Berlin' }],
    ['2001:4860:4860::8888', { country: 'US' }],
    ['5.6.7.8', { country: 'SG', region: 'Central', city: 'Singapore' }],
    ['5.6.7.9', { country: 'JP' }],
    ['5.6.8.1', {}],
    ['9.9.9.9', {}],
  ])('is found for %s', async (ip, place) => {
    const find = await open(writeMmdb(RECORDS));
    expect(find(ip)).toEqual(place);
    expect(find(ip)).toBe(find(ip));
  });

  it.each([
    ...[
      '10.1.2.3',
      '127.0.0.1',
      '192.168.1.1',
      '172.31.0.1',
      '169.254.1.1',
      '100.64.0.1',
      '0.0.0.0',
      '255.255.255.255',
    ],
    ...['::1', '::', 'fe80::1', 'fd00::1', '::ffff:10.1.2.3', 'ff02::1'],
    ...['', 'unknown', '81.2.69', '81.2.69.160:80', 'fe80::1%eth0', '81.2.69.160, 1.1.1.1'],
  ])('is nothing for %j, which is private or no address', async (ip) => {
    expect((await open(writeMmdb({ ...RECORDS, '0.0.0.0/8': BERLIN, 'fe80::/16': BERLIN })))(ip)).toEqual({});
  });

  it('is named in the language that is asked for, or else in English', async () => {
    expect((await open(writeMmdb(RECORDS), 'zh-CN'))('81.2.69.1').city).toBe('柏林');
    expect((await open(writeMmdb(RECORDS), 'fr'))('81.2.69.1').city).toBe('Berlin');
  });

  it('is found in a database of IPv4 alone', async () => {
    const find = await open(writeMmdb({ '81.2.69.0/24': BERLIN }, 4));
    expect(find('81.2.69.1').country).toBe('DE');
    expect(find('2001:4860:4860::8888')).toEqual({});
  });

  it('is nothing while the database is read', () => {
    expect(follow(writeMmdb(RECORDS)).find('81.2.69.1')).toEqual({});
  });
});

describe('a database', () => {
  it('is read again when it changes, and what was remembered goes', async () => {
    const find = await open(writeMmdb(RECORDS));
    expect(find('81.2.69.1').country).toBe('DE');
    replace(writeMmdb({ '81.2.69.0/24': { country: { iso_code: 'FR' } } }));
    await until(() => find('81.2.69.1').country === 'FR');
    expect(find('5.6.7.8')).toEqual({});
  });

  it('stays when what replaces it is none', async () => {
    const find = await open(writeMmdb(RECORDS));
    for (const bytes of [Buffer.from('not at all'), Buffer.alloc(0), writeMmdb(RECORDS).subarray(-200)]) {
      failures = [];
      replace(bytes);
      await until(() => failures.length > 0);
      expect(failures[0]).toContain('city.mmdb cannot be used: ');
      expect(find('81.2.69.1').country).toBe('DE');
    }
  });

  it('that is none from the beginning is said', async () => {
    await expect(open(Buffer.from('not at all'))).rejects.toThrow(/city\.mmdb cannot be used/);
  });
});

describe('headers that say a place', () => {
  const names = { country: 'cf-ipcountry', city: 'x-city' };
  const lines = ['A', '1', 'CF-IPCountry', 'SG', 'x-city', '', 'x-region', 'R'];

  it('are read where a name for them is known', () => {
    expect(placeInHeaders(lines, names)).toEqual({ country: 'SG' });
  });

  it('go where a client sent them itself', () => {
    expect(withoutPlaceHeaders(lines, names)).toEqual(['A', '1', 'x-region', 'R']);
    expect(withoutPlaceHeaders(lines, {})).toBe(lines);
  });
});
