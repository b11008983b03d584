import { beforeAll, describe, expect, it } from '@jest/globals';
import { runProgram } from './run-program.ts';

let facts: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  facts = await runProgram('exchanges');
});

describe('through the lane dispatcher', () => {
  it('every kind of body of fetch arrives whole, with its type and the lane', () => {
    expect(facts.bodies).toEqual({
      text: ['some text', 'text/plain', ['gray']],
      bytes: ['hi', '', ['gray']],
      'URL parameters': ['a=1', 'application/x-www-form-urlencoded', ['gray']],
      blob: ['a blob', '', ['gray']],
      form: [expect.stringContaining('name="file"; filename="name.txt"'), 'multipart/form-data', ['gray']],
      stream: ['in parts', '', ['gray']],
    });
  });

  it("bodies of undici's own functions arrive whole", () => {
    expect(facts.undiciBodies).toEqual(['text', 'a stream', 'generated']);
    expect(facts.stream).toBe('streamed');
    expect(facts.pipeline).toBe(true);
  });

  it('headers in every form that undici takes arrive beside ours', () => {
    const values = ['1', 'a, b', null];
    expect(facts.headers).toEqual({
      object: [...values, '', ['gray']],
      list: [...values, null, ['gray']],
      Headers: [...values, null, ['gray']],
      Map: [...values, null, ['gray']],
      null: [null, null, null, null, ['gray']],
    });
  });

  it('early hints and repeated headers of an answer come through', () => {
    expect(facts.hints).toEqual([[103], ['a=1', 'b=2']]);
    expect(facts.countedOut).toBe(0);
  });

  it('an aborted call fails as it does without us, is counted out, and ejects no instance', () => {
    expect(facts.abortedBefore).toBe('AbortError');
    expect(facts.underWay).toBe(1);
    expect(facts.abortedDuring).toBe('AbortError');
    expect(facts.abortedAfter).toBe('AbortError');
    expect(facts.timedOut).toBe('TimeoutError');
    expect(facts.undiciAborted).toBe('TimeoutError');
    expect(facts.abortsCountedOut).toBe(0);
    expect(facts.abortsEjectNobody).toBe('hit');
  });

  it('a web socket and an upgrade reach an instance of the lane, and are counted out', () => {
    expect(facts.webSocket).toBe('gray');
    expect(facts.upgrade).toBe('gray');
    expect(facts.upgradesCountedOut).toBe(0);
  });

  it("a program's own limits for web sockets still hold", () => {
    expect(facts.limits).toMatchObject({ maxPayloadSize: 1_234 });
  });

  it('a caller that is told to wait hears of the drain, and its handler is called in its own context', () => {
    expect(facts.dispatched).toEqual([false, ['start in gray', '200 in gray', 'end in gray']]);
  });

  it('answers that come too late eject their instance', () => {
    expect(facts.tooLate).toEqual(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT']);
    expect(facts.tooLateEjects).toEqual({ kind: 'empty', because: 'ejected' });
  });

  it('a dispatcher that was closed takes no more calls', () => {
    expect(facts.closed).toBe('UND_ERR_DESTROYED');
  });

  it('nothing of ours goes wrong', () => {
    expect(facts.errors).toEqual([]);
  });
});
