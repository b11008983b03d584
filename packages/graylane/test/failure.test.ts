import { createServer } from 'node:http';
import { ERRORS, GraylaneError } from '@graylane/core';
import { expect, it } from '@jest/globals';
import { formatFailure, statusOf } from '../src/failure.ts';

it('an error of ours is told with its code and what to do', () => {
  const error = new GraylaneError('GL_CLOSED', 'The router is closed');
  expect(formatFailure(error)).toBe(`GL_CLOSED: The router is closed\nWhat to do: ${ERRORS.GL_CLOSED.remedy}`);
});

it('an error with issues is told with them alone: each says what to do', () => {
  const issues = [{ path: 'lanes', message: 'must be an object', at: { line: 3, column: 1 } }];
  const error = new GraylaneError('GL_POLICY_INVALID', 'The policy has a mistake:', { issues });
  expect(formatFailure(error)).toBe('GL_POLICY_INVALID: The policy has a mistake:\n  3:1 lanes: must be an object');
});

it.each([
  ['EADDRINUSE', '10.0.0.1:80 is taken.\nWhat to do: '],
  ['EADDRNOTAVAIL', '10.0.0.1 is no address of this machine.\nWhat to do: '],
  ['EACCES', '10.0.0.1:80 may not be taken by this user.\nWhat to do: '],
])('%s is told in words, with what to do', (code, text) => {
  expect(formatFailure(Object.assign(new Error('listen'), { code, address: '10.0.0.1', port: 80 }))).toContain(text);
});

it('a port that is really taken is told so', async () => {
  const first = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => first.once('listening', resolve));
  const { port } = first.address() as { port: number };
  const error = await new Promise((resolve) => createServer().once('error', resolve).listen(port, '127.0.0.1'));
  await new Promise((resolve) => first.close(resolve));
  expect(formatFailure(error)).toMatch(new RegExp(`^127\\.0\\.0\\.1:${port} is taken\\.`));
});

it('any other error is told as it is', () => {
  expect(formatFailure(new Error('lightning'))).toBe('lightning');
});

it('a wrong call has status 2, a failure 1, and help 0', () => {
  expect(statusOf(new GraylaneError('GL_CONFIG_INVALID', ''))).toBe(2);
  expect(statusOf({ code: 'commander.unknownOption', exitCode: 1 })).toBe(2);
  expect(statusOf({ code: 'commander.helpDisplayed', exitCode: 0 })).toBe(0);
  expect(statusOf(new GraylaneError('GL_POLICY_INVALID', ''))).toBe(1);
  expect(statusOf(new Error('lightning'))).toBe(1);
});
