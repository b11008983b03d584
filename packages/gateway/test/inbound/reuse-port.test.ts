import { expect, it } from '@jest/globals';
import { startStage } from '../stage.ts';
import { startListening } from './listening.ts';

it('listeners of two gateways may have one address, when both say so', async () => {
  const { at } = await startListening([], { reusePort: true });
  const { gateway } = await startStage([], { listeners: [{ port: at, reusePort: true }] });
  expect(gateway.addresses()[1]?.port).toBe(at);
  await expect(startStage([], { listeners: [{ port: at }] })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
