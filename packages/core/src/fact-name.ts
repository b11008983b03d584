import { AGENT_PARTS, type AgentParts } from './agent.ts';

/** A fact's name taken apart. */
export type Fact =
  | { readonly source: 'header' | 'cookie' | 'query' | 'token' | 'attribute' | 'geo'; readonly name: string }
  | { readonly source: 'agent'; readonly name: keyof AgentParts }
  | { readonly source: 'method' | 'host' | 'path' | 'ip' | 'time' };

const GEO_PARTS: readonly string[] = ['country', 'region', 'city'];
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^`|~-]+$/;
const COOKIE_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Takes a fact's name apart: `header.x-tester`, `ip`. A text instead of a fact says what is wrong with the name. */
export function parseFact(text: string): Fact | string {
  const dot = text.indexOf('.');
  const source = dot === -1 ? text : text.slice(0, dot);
  const name = dot === -1 ? '' : text.slice(dot + 1);
  switch (source) {
    case 'method':
    case 'host':
    case 'path':
    case 'ip':
    case 'time':
      return name === '' && dot === -1 ? { source } : `"${source}" takes no name: write just ${source}`;
    case 'header':
      if (name.includes('_')) return 'header names with "_" are dropped by many proxies: use "-"';
      if (!HEADER_NAME.test(name)) return `"${name}" is no header name: write it in lower case, as header.x-user-id`;
      return { source, name };
    case 'cookie':
      return COOKIE_NAME.test(name) ? { source, name } : `"${name}" is no cookie name: write cookie.uid`;
    case 'query':
    case 'token':
    case 'attribute':
      return name === '' ? `"${source}" needs a name: write ${source}.user` : { source, name };
    case 'geo':
      return GEO_PARTS.includes(name) ? { source, name } : `geo has ${GEO_PARTS.join(', ')}, not "${name}"`;
    case 'agent': {
      const part = AGENT_PARTS.find((known) => known === name);
      return part ? { source, name: part } : `agent has ${AGENT_PARTS.join(', ')}, not "${name}"`;
    }
    default:
      return `no fact is called "${text}": use header.NAME, cookie.NAME, query.NAME, token.CLAIM, attribute.NAME, geo.NAME, agent.NAME, method, host, path, ip or time`;
  }
}
