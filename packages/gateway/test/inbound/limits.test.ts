import { describe, expect, it } from '@jest/globals';
import { eventually, startInstance } from '../stage.ts';
import { connect, type Wire } from '../wire.ts';
import { createAuthority, LOOPBACK, startListening, temporary } from './listening.ts';

const GET = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n';

/** What a client is told when its connection is refused. */
async function refusal(wire: Wire): Promise<unknown> {
  const { status, body } = await wire.answer();
  await eventually(() => wire.closed);
  return [status, JSON.parse(body.toString()).error.code];
}

describe('more connections than a listener holds', () => {
  it('are answered with 503, until others have gone', async () => {
    const { instance } = await startInstance();
    const { at } = await startListening([instance], { limits: { connections: 2 } });
    const [first, second, third] = [await connect(at), await connect(at), await connect(at)];
    expect(await refusal(third.send(GET))).toEqual([503, 'GL_OVERLOADED']);
    expect((await first.send(GET).answer()).status).toBe(200);
    expect((await second.send(GET).answer()).status).toBe(200);
    first.socket.destroy();
    await eventually(() => first.closed);
    for (let status = 503; status !== 200; ) status = (await (await connect(at)).send(GET).answer()).status;
  });

  it('from one address are answered with 429, also when a proxy tells the address', async () => {
    const { instance } = await startInstance();
    const limited = { limits: { connectionsPerAddress: 1 }, proxyProtocol: { from: LOOPBACK } };
    const { at } = await startListening([instance], limited);
    const open = async (address: string): Promise<Wire> =>
      (await connect(at)).send(`PROXY TCP4 ${address} 198.51.100.1 8080 443\r\n${GET}`);
    const kept = await open('192.0.2.1');
    expect((await kept.answer()).status).toBe(200);
    expect(await refusal(await open('192.0.2.1'))).toEqual([429, 'GL_TOO_MANY_CONNECTIONS']);
    expect((await (await open('192.0.2.2')).answer()).status).toBe(200);
  });

  it('with TLS are closed before hands are shaken', async () => {
    const authority = await createAuthority(await temporary());
    const tls = { certificates: [await authority.issue('shop', 'shop')] };
    const { at } = await startListening([], { tls, limits: { connections: 1 } });
    const [first, second] = [await connect(at), await connect(at)];
    await eventually(() => second.closed);
    expect([first.closed, second.text]).toEqual([false, '']);
  });
});

it('what HTTP/1.1 cannot be read from is answered in JSON', async () => {
  const { at } = await startListening([], {}, { limits: { headerBytes: 1000, headersMs: 100 } });
  expect(await refusal((await connect(at)).send('hello\r\n\r\n'))).toEqual([400, 'GL_REQUEST_INVALID']);
  const large = (await connect(at)).send(`GET / HTTP/1.1\r\nx: ${'x'.repeat(5000)}\r\n\r\n`);
  expect(await refusal(large)).toEqual([431, 'GL_HEADERS_TOO_LARGE']);
  const slow = (await connect(at)).send('GET / HTTP/1.1\r\nx: ');
  expect(await refusal(slow)).toEqual([408, 'GL_REQUEST_TIMEOUT']);
});
