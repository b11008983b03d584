import { type RequestFacts, requestFacts } from '@graylane/core';
import { fresh } from './probe.ts';

/** Eleven header lines as a browser sends them; the header that is asked for comes last, behind them. */
const BROWSER: readonly string[] = [
  ['Host', 'shop.example.com'],
  ['Connection', 'keep-alive'],
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  ],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cookie', 'session=4f9d7c1e0b; theme=dark; consent=1'],
  ['Referer', 'https://shop.example.com/cart'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Cache-Control', 'max-age=0'],
]
  .flat()
  .map(fresh);

/** A request with twelve header lines, the last of which names the user. */
export function factsOf(user: string): RequestFacts {
  return requestFacts({ host: 'shop.example.com', headers: [...BROWSER, 'X-User', fresh(user)] });
}

/** A request with one header line, which names the user: as near as ours gets to being handed it. */
export function bareFactsOf(user: string): RequestFacts {
  return requestFacts({ host: 'shop.example.com', headers: ['X-User', fresh(user)] });
}
