import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasLaneMember, readLane, writeLane } from '../src/carrier.ts';
import { type Lane, parseLane, STABLE } from '../src/lane.ts';

const gray = 'gray' as Lane;

describe('reading the lane', () => {
  it.each<[string, string, string | undefined]>([
    ['our member alone', 'graylane=gray', 'gray'],
    ['it stands first', 'graylane=gray,a=1,b=2', 'gray'],
    ['it stands in the middle', 'a=1,graylane=gray,b=2', 'gray'],
    ['it stands last', 'a=1,b=2,graylane=gray', 'gray'],
    ['spaces and tabs around everything', 'a = 1 ,\t graylane \t=\t gray \t, b=2', 'gray'],
    ['properties are ignored', 'graylane=gray;ttl=3;secret', 'gray'],
    ['properties behind spaces are ignored', 'graylane=gray ; ttl=3,a=1', 'gray'],
    ['the last one wins', 'graylane=gray,graylane=blue', 'blue'],
    ['the last valid one wins', 'graylane=gray,graylane=NO,graylane', 'gray'],
    ['an invalid one before a valid one does not matter', 'graylane=%20,graylane=blue', 'blue'],
    ['stable may be said', 'graylane=stable', 'stable'],
    ['empty parts do not matter', ',,graylane=gray,,', 'gray'],
    ['our key with an equals sign in the value', 'graylane=gray=1', undefined],
    ['no value', 'graylane=', undefined],
    ['no equals sign', 'graylane', undefined],
    ['only a property', 'graylane;p=gray', undefined],
    ['an invalid name', 'graylane=Gray', undefined],
    ['two words', 'graylane=gray blue', undefined],
    ['a percent-encoded value', 'graylane=gr%61y', undefined],
    ['a quoted value', 'graylane="gray"', undefined],
    ['a name that is too long', `graylane=${'a'.repeat(41)}`, undefined],
    ['our key as the end of another', 'xgraylane=gray,x-graylane=gray', undefined],
    ['our key as the beginning of another', 'graylanes=gray,graylane-x=gray,graylane.=gray', undefined],
    ['our key in other letters', 'Graylane=gray,GRAYLANE=gray', undefined],
    ['our key in the value of another', 'a=graylane=gray,b=x graylane=gray', undefined],
    ['our key in a property of another', 'a=1;graylane=gray', undefined],
    ['our key behind a space that HTTP does not know', '\xa0graylane=gray,\ngraylane=gray', undefined],
    ['a value before a space that HTTP does not know', 'graylane=gray\xa0', undefined],
    ['prototype names', '__proto__=gray,constructor=gray', undefined],
    ['nothing', '', undefined],
    ['only separators', ',;=,;=', undefined],
  ])('%s', (_, header, lane) => {
    expect(readLane(header)).toBe(lane);
  });

  it('no header is no lane', () => {
    expect(readLane(undefined)).toBeUndefined();
  });

  it('finds our member behind more members than W3C asks for, and behind 8192 bytes', () => {
    const members = (count: number): string => Array.from({ length: count }, (_, n) => `key${n}=value${n}`).join(',');
    expect(readLane(`${members(63)},graylane=gray`)).toBe('gray');
    expect(readLane(`${members(200)},graylane=gray`)).toBe('gray');
    expect(readLane(`a=${'x'.repeat(8190)},graylane=gray`)).toBe('gray');
  });

  // 1 MB each: anything worse than linear would not come back before the test's time is over.
  it.each([
    ['spaces', ' '.repeat(1_000_000)],
    ['commas', ','.repeat(1_000_000)],
    ['our key without end', 'graylane'.repeat(125_000)],
    ['our key as value of itself', 'graylane='.repeat(111_111)],
    ['our key between spaces', 'graylane   '.repeat(90_000)],
    ['our members', 'graylane=,'.repeat(100_000)],
    ['one long value', `graylane=${'a'.repeat(1_000_000)}`],
    ['spaces inside a value', `graylane=a${' '.repeat(1_000_000)}b`],
    ['spaces inside another', `x=1,a${' '.repeat(1_000_000)}b=graylane`],
  ])('a megabyte of %s holds no lane and stays readable and writable', (_, garbage) => {
    expect(readLane(garbage)).toBeUndefined();
    expect(readLane(`${garbage},graylane=gray`)).toBe('gray');
    const written = writeLane(`${garbage},graylane=blue`, gray) as string;
    expect(written.startsWith('graylane=gray')).toBe(true);
    expect(readLane(written)).toBe('gray');
    expect(readLane(writeLane(written, STABLE))).toBeUndefined();
  });

  it('never throws, whatever the header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (header) => {
        const lane = readLane(header);
        expect(lane === undefined || parseLane(lane) === lane).toBe(true);
      }),
    );
  });
});

describe('writing the lane', () => {
  it.each<[string, string | undefined, Lane, string | undefined]>([
    ['no header and a lane', undefined, gray, 'graylane=gray'],
    ['an empty header and a lane', '', gray, 'graylane=gray'],
    ['no header and stable', undefined, STABLE, undefined],
    ['an empty header and stable', '', STABLE, undefined],
    ['other members keep their place behind ours', 'a=1,b=2;p', gray, 'graylane=gray,a=1,b=2;p'],
    ['other members keep their bytes', ' a = 1 ;q=" ,\tb=%2C,', gray, 'graylane=gray, a = 1 ;q=" ,\tb=%2C,'],
    ['ours moves to the front', 'a=1,graylane=gray,b=2', gray, 'graylane=gray,a=1,b=2'],
    ['another lane is replaced', 'graylane=blue,a=1', gray, 'graylane=gray,a=1'],
    ['properties of ours go', 'graylane=gray;ttl=3,a=1', gray, 'graylane=gray,a=1'],
    [
      'all copies of ours become one',
      'graylane=blue,a=1, graylane = x ;p,graylane,graylane=gray',
      gray,
      'graylane=gray,a=1',
    ],
    ['all copies of ours go for stable', 'graylane=gray,a=1,graylane=NO;p=1 ,b=2, graylane', STABLE, 'a=1,b=2'],
    ['nothing is left for stable', 'graylane=gray', STABLE, undefined],
    ['nothing but empty parts is left for stable', 'graylane=gray, ,', STABLE, undefined],
    ['empty parts do not survive alone beside a lane', 'graylane=blue,', gray, 'graylane=gray'],
    [
      'keys that look like ours stay',
      'xgraylane=1,graylanes=2,graylane=blue',
      gray,
      'graylane=gray,xgraylane=1,graylanes=2',
    ],
    ['values that mention ours stay', 'a=graylane=blue,b=1;graylane=2', STABLE, 'a=graylane=blue,b=1;graylane=2'],
    ['a member behind a strange space is not ours', '\xa0graylane=blue', STABLE, '\xa0graylane=blue'],
    ['prototype names stay', '__proto__=1,graylane=blue', gray, 'graylane=gray,__proto__=1'],
  ])('%s', (_, header, lane, expected) => {
    expect(writeLane(header, lane)).toBe(expected);
  });

  it('gives the same string back when nothing changes', () => {
    for (const header of ['graylane=gray', 'graylane=gray,a=1', 'graylane=gray,,a=1;p'])
      expect(writeLane(header, gray)).toBe(header);
    for (const header of ['a=1', ' a=1 , b', ',', 'a=graylane']) expect(writeLane(header, STABLE)).toBe(header);
  });

  it('does not mistake a lane that ours is a prefix of', () => {
    expect(writeLane('graylane=gray-2,a=1', gray)).toBe('graylane=gray,a=1');
    expect(writeLane('graylane=gray', 'gray-2' as Lane)).toBe('graylane=gray-2');
  });

  it('keeps 200 members and more than 8192 bytes', () => {
    const others = Array.from({ length: 200 }, (_, n) => `key${n}=${'v'.repeat(60)}`).join(',');
    expect(writeLane(others, gray)).toBe(`graylane=gray,${others}`);
    expect(writeLane(`graylane=blue,${others}`, STABLE)).toBe(others);
  });
});

describe('the carrier as a whole', () => {
  const space = fc.constantFrom('', '', ' ', '\t', ' \t ');
  const token = fc.constantFrom('a', 'user-id', 'x', 'graylanes', 'xgraylane', '__proto__', 'Graylane', 'k_!#$');
  const value = fc.constantFrom('', '1', 'graylane', 'graylane=x', '%2C%20', 'a b', 'ä', '"q"', 'x=graylane');
  const property = fc.constantFrom('', '', ';p', ' ; p=1', ';graylane=x');
  const other = fc
    .tuple(space, token, space, value, property, space)
    .map(([a, key, b, text, rest, c]) => `${a}${key}${b}=${text}${rest}${c}`);
  const ours = fc
    .tuple(space, space, fc.constantFrom('=gray', '= blue', '=BAD', '', ';p', '=gray;ttl=1', '='), space)
    .map(([a, b, rest, c]) => `${a}graylane${b}${rest}${c}`);
  const members = fc.array(
    fc.oneof(
      other.map((text) => ({ text, mine: false })),
      ours.map((text) => ({ text, mine: true })),
    ),
    { maxLength: 8 },
  );
  const lane = fc.constantFrom('gray', 'blue', 'a', 'x-1') as fc.Arbitrary<Lane>;

  it('reads back what it wrote, and other members are the same bytes in the same order', () => {
    fc.assert(
      fc.property(members, lane, (list, wanted) => {
        const header = list.map(({ text }) => text).join(',');
        const others = list.filter(({ mine }) => !mine).map(({ text }) => text);
        const written = writeLane(header, wanted);
        expect(written).toBe([`graylane=${wanted}`, ...others].join(','));
        expect(readLane(written)).toBe(wanted);
        expect(writeLane(written, wanted)).toBe(written);
        expect(writeLane(header, STABLE)).toBe(others.length > 0 ? others.join(',') : undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('whatever the header, one lane is written and none is left for stable', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('graylane', '=', ',', ';', ' ', 'gray', 'x', '\t'), { maxLength: 30 }),
        lane,
        (parts, wanted) => {
          const header = parts.join('');
          expect(readLane(writeLane(header, wanted))).toBe(wanted);
          const stable = writeLane(header, STABLE);
          expect(readLane(stable)).toBeUndefined();
          expect(hasLaneMember(stable ?? '')).toBe(false);
          if (readLane(header) !== undefined) expect(hasLaneMember(header)).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('knows a member of ours even when its value is invalid', () => {
    expect(hasLaneMember('a=1, graylane')).toBe(true);
    expect(hasLaneMember('graylane=NO WAY;p')).toBe(true);
    expect(hasLaneMember('graylanes=1,a=graylane')).toBe(false);
    expect(hasLaneMember('')).toBe(false);
  });
});
