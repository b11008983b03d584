import { describe, expect, it } from '@jest/globals';
import { baggageEntryMetadataFromString } from '@opentelemetry/api';
import fc from 'fast-check';
import { baggageOf, formatBaggage, parseBaggage } from '../src/baggage.ts';

/** Members as `key=value` or `key=value;metadata`, decoded. */
const membersOf = (header: string): string[] =>
  parseBaggage(header)
    .getAllEntries()
    .map(([key, { value, metadata }]) => `${key}=${value}${metadata ? `;${metadata}` : ''}`);

const again = (header: string): string | undefined => formatBaggage(parseBaggage(header));

describe('parseBaggage', () => {
  it.each([
    // After the test cases of https://github.com/w3c/baggage
    ['SomeKey=SomeValue', ['SomeKey=SomeValue']],
    [' SomeKey = SomeValue ', ['SomeKey=SomeValue']],
    ['SomeKey\t=\tSomeValue', ['SomeKey=SomeValue']],
    ['SomeKey=SomeValue=equals', ['SomeKey=SomeValue=equals']],
    ['SomeKey=', ['SomeKey=']],
    ['SomeKey=%09 %20', ['SomeKey=\t  ']],
    ['SomeKey=%22%2C%3B%5C', ['SomeKey=",;\\']],
    ['SomeKey=%F0%9F%98%80', ['SomeKey=\u{1f600}']],
    ['SomeKey=SomeValue;SomeProp', ['SomeKey=SomeValue;SomeProp']],
    ['SomeKey=SomeValue ; SomeProp ; Other = 1 ', ['SomeKey=SomeValue;SomeProp ; Other = 1']],
    ['a=1,b=2;p=v,c=3', ['a=1', 'b=2;p=v', 'c=3']],
    ['a=1 , b=2', ['a=1', 'b=2']],
  ])('reads %j', (header, members) => {
    expect(membersOf(header)).toEqual(members);
  });

  it.each([
    ['', []],
    [',,,', []],
    ['a', []],
    ['=1', []],
    ['a b=1,c=2', ['c=2']],
    ['a"=1,c=2', ['c=2']],
    ['k\u00e9y=1,c=2', ['c=2']],
    [';p=1,c=2', ['c=2']],
    ['a;p=1,c=2', ['c=2']],
  ])('leaves out what is no member of %j', (header, members) => {
    expect(membersOf(header)).toEqual(members);
  });

  it('takes the last of members with the same key, as the OpenTelemetry specification says', () => {
    expect(membersOf('a=1,b=2,a=3')).toEqual(['a=3', 'b=2']);
  });

  it('keys are case-sensitive and not decoded', () => {
    expect(membersOf('Key=1,key=2,k%65y=3')).toEqual(['Key=1', 'key=2', 'k%65y=3']);
  });

  it('bytes that are no UTF-8 become the replacement character, and a "%" that encodes nothing stays', () => {
    expect(membersOf('a=%ff,b=%zz,c=%,d=%c3%a9%ff,e=%E9ok')).toEqual([
      'a=\ufffd',
      'b=%zz',
      'c=%',
      'd=\u00e9\ufffd',
      'e=\ufffdok',
    ]);
  });

  it('a key like __proto__ is a key like any other', () => {
    expect(membersOf('__proto__=x,constructor=y,toString=z')).toEqual(['__proto__=x', 'constructor=y', 'toString=z']);
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
    expect(parseBaggage('a=1').getEntry('__proto__')).toBeUndefined();
  });

  it('reads 64 members of 8192 characters in all', () => {
    const header = Array.from({ length: 64 }, (_, at) => `key${String(at).padStart(2, '0')}=`.padEnd(127, 'v')).join(
      ',',
    );
    expect(header).toHaveLength(64 * 128 - 1);
    expect(parseBaggage(`${header}`).getAllEntries()).toHaveLength(64);
  });

  it('reads whole members only of a header that is too long', () => {
    const first = `a=${'x'.repeat(8_000)}`;
    expect(membersOf(`${first},b=${'y'.repeat(500)}`)).toEqual([first]);
    expect(membersOf(`a=${'x'.repeat(9_000)},b=1`)).toEqual([]);
    const full = `a=${'x'.repeat(8_190)}`;
    expect(full).toHaveLength(8_192);
    expect(membersOf(`${full},b=1`)).toEqual([full]);
  });

  it('reads at most 180 members', () => {
    const header = Array.from({ length: 300 }, (_, at) => `k${at}=v`).join(',');
    expect(parseBaggage(header).getAllEntries()).toHaveLength(180);
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (header) => {
        expect(Array.isArray(membersOf(header))).toBe(true);
      }),
    );
  });
});

describe('formatBaggage', () => {
  it('writes nothing for no members', () => {
    expect(formatBaggage(baggageOf([]))).toBeUndefined();
    expect(formatBaggage(baggageOf([['no token', { value: '1' }]]))).toBeUndefined();
  });

  it('keeps the order of members and writes their metadata as it is', () => {
    expect(again('z=1;p=v;q,a=2,m=%20')).toBe('z=1;p=v;q,a=2,m=%20');
  });

  it('encodes all that would break the header', () => {
    expect(formatBaggage(baggageOf([['k', { value: 'a,b;c\r\n"\\\u00e9%' }]]))).toBe(
      'k=a%2Cb%3Bc%0D%0A%22%5C%C3%A9%25',
    );
  });

  it('a value that is no text, and half a surrogate pair, are written all the same', () => {
    expect(formatBaggage(baggageOf([['n', { value: 7 as unknown as string }]]))).toBe('n=7');
    expect(formatBaggage(baggageOf([['s', { value: 'a\ud800b' }]]))).toBe('s=a%EF%BF%BDb');
  });

  it.each(['a,b=1', 'a\r\nx: y', 'a\u0000', '\u00e9'])(
    'leaves out metadata that would break the header: %j',
    (metadata) => {
      const entry = { value: '1', metadata: baggageEntryMetadataFromString(metadata) };
      expect(
        formatBaggage(
          baggageOf([
            ['k', entry],
            ['l', { value: '2' }],
          ]),
        ),
      ).toBe('k=1,l=2');
    },
  );

  it('ends before the first member that does not fit', () => {
    const long = { value: 'x'.repeat(8_000) };
    expect(
      formatBaggage(
        baggageOf([
          ['a', { value: '1' }],
          ['b', long],
          ['c', long],
        ]),
      ),
    ).toBe(`a=1,b=${long.value}`);
    expect(formatBaggage(baggageOf([['a', { value: 'x'.repeat(8_190) }]]))).toHaveLength(8_192);
    expect(formatBaggage(baggageOf([['a', { value: 'x'.repeat(8_191) }]]))).toBeUndefined();
    const many = Array.from({ length: 200 }, (_, at) => [`k${at}`, { value: 'v' }] as const);
    expect(formatBaggage(baggageOf(many))?.split(',')).toHaveLength(180);
  });

  it('what is written is read again as it was', () => {
    const key = fc.stringMatching(/^[a-zA-Z!#$&'*+.^_`|~-][a-zA-Z0-9]{0,8}$/);
    const entries = fc.uniqueArray(fc.tuple(key, fc.string({ unit: 'grapheme', maxLength: 20 })), {
      selector: ([name]) => name,
      maxLength: 20,
    });
    fc.assert(
      fc.property(entries, (list) => {
        const header = formatBaggage(baggageOf(list.map(([name, value]) => [name, { value }] as const)));
        expect(header ?? '').toMatch(/^[\x21-\x7e]*$/);
        expect(membersOf(header ?? '')).toEqual(list.map(([name, value]) => `${name}=${value}`));
      }),
    );
  });
});
