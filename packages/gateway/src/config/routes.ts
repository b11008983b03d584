import { GraylaneError, openDocument, type Value } from '@graylane/core';
import type { Route } from '../routes.ts';
import { MAX_MS } from './numbers.ts';

/** Routes of which no two say the same: which of them held would depend on their order. */
export function readRoutes(value: Value): readonly Route[] | undefined {
  const seen = new Set<string>();
  return value.list(1)?.flatMap((item) => {
    const route = readRoute(item);
    if (!route) return [];
    const place = `${route.host?.toLowerCase() ?? '*'}${route.path?.replace(/\/$/, '') ?? ''}`;
    if (seen.has(place)) item.fail('has the host and path of another route: keep one');
    seen.add(place);
    return [route];
  });
}

const HOST = /^(?:\*|(?:\*\.)?[^*:/\s[\]]+|\[[0-9A-Fa-f:.]+\])$/;

function readRoute(value: Value): Route | undefined {
  const fields = value.fields(['host', 'path', 'service', 'answerMs', 'bodyBytes']);
  if (!fields) return undefined;
  const service = value.at('service').text({ max: 200 });
  const host = fields.host?.text({ max: 253 });
  const path = fields.path?.text({ max: 1000 });
  if (host !== undefined && !HOST.test(host))
    value.at('host').fail('must be a name without port; "*" only as the whole or before the first dot: *.example.com');
  if (path !== undefined && !/^\/[^?#\s]*$/.test(path)) value.at('path').fail('must be a path that begins with "/"');
  const answerMs = fields.answerMs?.number({ min: 1, max: MAX_MS, integer: true });
  const bodyBytes = fields.bodyBytes?.number({ min: 1, integer: true });
  if (service === undefined) return undefined;
  return {
    service,
    ...(host && { host }),
    ...(path && { path }),
    ...(answerMs !== undefined && { answerMs }),
    ...(bodyBytes !== undefined && { bodyBytes }),
  };
}

/**
 * A route in one word, as the command line takes it: `/cart=cart`, `shop.example.com/=storefront`.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID`
 */
export function parseRoute(text: string): Route {
  const [, host = '', path = '', service = ''] = /^([^/=]*)(\/[^=]*)?=([^=]+)$/.exec(text) ?? [];
  const { root, issues } = openDocument({ ...(host && { host }), ...(path && { path }), service });
  const route = root && readRoute(root);
  if (route && issues.length === 0) return route;
  throw new GraylaneError('GL_CONFIG_INVALID', `"${text}" is no route: write [HOST][/PATH]=SERVICE, as /cart=cart`, {
    issues,
  });
}
