import type { LoadRequest } from '../load/requests.ts';

/** A request as it comes to a service behind the gateway, in a lane. */
export function requestIn(path: string, lane: string): LoadRequest {
  const others = 'session.id=4f9d7c1e0b3a48d2,region=eu-west';
  return {
    path,
    headers: [
      ['Host', 'orders'],
      [
        'User-Agent',
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
      ],
      ['Accept', 'application/json'],
      ['Accept-Encoding', 'gzip, deflate, br, zstd'],
      ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
      ['Cookie', 'session=4f9d7c1e0b3a48d2; uid=user-1234; theme=dark; consent=1'],
      ['X-Forwarded-For', '203.0.113.9'],
      ['X-Forwarded-Host', 'shop.example.com'],
      ['X-Forwarded-Proto', 'https'],
      ['Traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'],
      ['Baggage', lane === 'stable' ? others : `graylane=${lane},${others}`],
    ],
  };
}

/** The load of a hop: one request in five is in the lane. */
export function requestsOfHop(): LoadRequest[] {
  return ['gray', 'stable', 'stable', 'stable', 'stable'].map((lane) => requestIn('/small', lane));
}
