import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldCase, fromBytes, toBytes, trimSpace } from '../src/bytes.ts';

describe('byte texts', () => {
  it('a text becomes its UTF-8 bytes, one character a byte', () => {
    expect(toBytes('é')).toBe('\xc3\xa9');
    expect(toBytes('北京')).toBe('\xe5\x8c\x97\xe4\xba\xac');
    expect(toBytes('plain')).toBe('plain');
  });

  it('equals what Node.js delivers for a header that carries UTF-8', () => {
    for (const text of ['Zürich', '北京', '😀 ok', 'à'])
      expect(toBytes(text)).toBe(Buffer.from(text, 'utf8').toString('latin1'));
  });

  it('round-trips every well-formed text, with a byte order mark too', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => expect(fromBytes(toBytes(text))).toBe(text)));
    expect(fromBytes(toBytes('\ufeffa'))).toBe('\ufeffa');
  });

  it('replaces what is no UTF-8 and never throws', () => {
    expect(fromBytes('a\xffb')).toBe('a\ufffdb');
    expect(toBytes('\ud800')).toBe('\xef\xbf\xbd');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\0-\xff]*$/.test(toBytes(text))));
  });

  it('folds ASCII letters and no other byte', () => {
    expect(foldCase('ABC xyz [\\]')).toBe('abc xyz [\\]');
    expect(foldCase(toBytes('ÄÉ'))).toBe(toBytes('ÄÉ'));
    expect(foldCase(toBytes('AÄZÉ'))).toBe(toBytes('aÄzÉ'));
  });

  it('trims spaces and tabs, and no byte of a character', () => {
    expect(trimSpace(' \t a b \t')).toBe('a b');
    expect(trimSpace(toBytes('à'))).toBe(toBytes('à'));
    expect(trimSpace('\r\n\v\f\xa0')).toBe('\r\n\v\f\xa0');
    expect(trimSpace('   ')).toBe('');
  });
});
