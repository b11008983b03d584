import { headerValue } from '@graylane/core';

/** The value of a `Set-Cookie` line for a cookie that only the gateway reads: no script sees it, no other site sends it. */
export function formatCookie(name: string, value: string, maxAgeSeconds: number, secure: boolean): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** Header lines without the cookies of these names; the others stay as they are and in order. The same lines when there is none. */
export function withoutCookies(lines: readonly string[], names: readonly string[]): readonly string[] {
  const cookies = headerValue(lines, 'cookie');
  if (cookies === undefined || !names.some((name) => cookies.includes(name))) return lines;
  const kept: string[] = [];
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const line = lines[at] as string;
    const value = lines[at + 1] as string;
    const rest = line.toLowerCase() === 'cookie' ? withoutCrumbs(value, names) : value;
    if (rest !== undefined) kept.push(line, rest);
  }
  return kept;
}

/** Header lines with one more cookie, in the `Cookie` line that is there, for there should be only one (RFC 6265 §5.4). */
export function withCookie(lines: readonly string[], name: string, value: string): readonly string[] {
  const at = lines.findIndex((line, index) => index % 2 === 0 && line.toLowerCase() === 'cookie');
  const cookie = `${name}=${value}`;
  return at === -1 ? [...lines, 'Cookie', cookie] : lines.with(at + 1, `${lines[at + 1]}; ${cookie}`);
}

/** What is left of a `Cookie` line; undefined when nothing is. */
function withoutCrumbs(line: string, names: readonly string[]): string | undefined {
  const crumbs = line.split(';');
  const kept = crumbs.filter((crumb) => !names.includes((crumb.split('=', 1)[0] as string).trim()));
  if (kept.length === crumbs.length) return line;
  return kept.every((crumb) => crumb.trim() === '') ? undefined : kept.join(';').trimStart();
}
