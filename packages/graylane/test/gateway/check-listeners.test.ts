import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ListenOptions } from '@graylane/gateway';
import { expect, it } from '@jest/globals';
import { checkListeners } from '../../src/gateway/check-listeners.ts';
import { makeCertificate } from './certificates.ts';
import { filesWith } from './stage.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

it('a certificate is mentioned from two weeks before it ends on, once, and when it has ended', async () => {
  const path = filesWith({});
  await makeCertificate(path, 'shop', 100);
  const end = new X509Certificate(readFileSync(path('shop.crt'))).validToDate.getTime();
  const tls = { certificates: [{ cert: path('shop.crt'), key: path('shop.key') }] };
  const listeners: readonly ListenOptions[] = [{ port: 1, tls }, { port: 2, tls }, { port: 3 }];
  const said = (daysBefore: number) => checkListeners(listeners, undefined, end - daysBefore * DAY_MS);
  const on = new Date(end).toISOString().slice(0, 10);
  expect(said(14)).toEqual([]);
  expect(said(13.9)).toEqual([`The certificate for shop.test ends on ${on}, in 13 days.`]);
  expect(said(1)).toEqual([`The certificate for shop.test ends on ${on}, in 1 day.`]);
  expect(said(0)).toEqual([`The certificate for shop.test ended on ${on}: clients refuse it.`]);
});
