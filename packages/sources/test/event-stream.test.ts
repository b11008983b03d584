import { isGraylaneError } from '@graylane/core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventStreamReader, type ServerEvent } from '../src/event-stream.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const readAll = (text: string, maxLength = 1_000): ServerEvent[] => eventStreamReader(maxLength)(encode(text));

/** Cuts bytes at the given places, in any order and with repetitions. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

describe('a stream of events', () => {
  it('is read event by event, with id and data, without comments', () => {
    const text = ': hello\n\nevent: sync\nid: a:1\ndata: {"x":\ndata: 1}\n\ndata: plain\n\nevent: cut off\ndata: x\n';
    expect(readAll(text)).toEqual([
      { event: 'sync', id: 'a:1', data: '{"x":\n1}' },
      { event: 'message', id: undefined, data: 'plain' },
    ]);
  });

  it('may end its lines in any of the three ways', () => {
    const text = 'event: change\nid: a:2\ndata: 1\n\n';
    for (const end of ['\n', '\r\n', '\r'])
      expect(readAll(`${text.replaceAll('\n', end)}:`)).toEqual([{ event: 'change', id: 'a:2', data: '1' }]);
  });

  it('is the same however its bytes are cut, also within a character', () => {
    const line = fc.oneof(
      fc.constantFrom('', ':', ': alive', 'data', 'data:', 'event: sync', 'id: e:7', 'retry: 5', 'nonsense', '\uFEFF'),
      fc.string({ unit: 'binary', maxLength: 30 }).map((text) => `data: ${text}`),
      fc.string({ unit: 'binary', maxLength: 30 }),
    );
    const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\n\n', '\r\n', '\r')), { maxLength: 20 });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 30 }), (lines, places) => {
        const bytes = encode(`${lines.flat().join('')}\n\n:`);
        const whole = eventStreamReader(10_000)(bytes);
        const read = eventStreamReader(10_000);
        expect(cut(bytes, places).flatMap((part) => read(part))).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  it('never makes its reader fail, but for length', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 })),
        fc.integer({ min: 1, max: 300 }),
        (chunks, maxLength) => {
          const read = eventStreamReader(maxLength);
          try {
            for (const chunk of chunks) for (const { data } of read(chunk)) expect(typeof data).toBe('string');
          } catch (error) {
            expect(isGraylaneError(error, 'GL_REGISTRY_REFUSED')).toBe(true);
          }
        },
      ),
    );
  });

  it('must not have lines or events without end', () => {
    for (const part of ['data: x', 'data: x\n', ': comment', 'id: x']) {
      const read = eventStreamReader(100);
      const feed = (): void => {
        for (let count = 0; count < 1_000; count++) read(encode(part));
      };
      if (part.startsWith('data') || part.startsWith('id')) {
        expect(feed).toThrow('more than 100 characters');
        expect(() => read(encode('\n\n'))).toThrow('more than 100 characters');
      } else expect(feed).not.toThrow(); // it is skipped, not kept
    }
  });
});
