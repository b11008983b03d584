import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createNotices } from '../src/notices.ts';

const said: string[] = [];

beforeEach(() => {
  said.length = 0;
  jest.useFakeTimers();
  jest.spyOn(console, 'error').mockImplementation((text) => void said.push(text as string));
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

it('the same words are said once a minute, and others at once', () => {
  const notice = createNotices();
  notice(new Error('away'));
  notice(new Error('away'));
  notice(new Error('odd'));
  jest.advanceTimersByTime(59_999);
  notice(new Error('away'));
  expect(said).toEqual(['away', 'odd']);
  jest.advanceTimersByTime(1);
  notice(new Error('away'));
  expect(said).toEqual(['away', 'odd', 'away']);
});
