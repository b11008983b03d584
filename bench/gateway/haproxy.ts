import type { ServerProgram } from '../load/server.ts';
import type { UpstreamPorts } from '../load/upstream.ts';

/** A haproxy of one thread that decides between two backends by the rules of `traffic.ts`, with a hash of its own. */
export function haproxy(path: string, ports: UpstreamPorts): ServerProgram {
  return {
    path,
    args: (file) => ['-q', '-db', '-f', file],
    configuration: (port) => configurationOf(port, ports),
  };
}

function configurationOf(port: number, { stable, gray }: UpstreamPorts): string {
  return `global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  http-reuse always
  retries 0
  option forwardfor
frontend edge
  bind 127.0.0.1:${port}
  http-request set-var(txn.user) req.fhdr(x-user-id)
  http-request set-var(txn.user) req.cook(uid) unless { var(txn.user) -m found }
  acl gray req.fhdr(x-tester) -m str 1
  acl gray var(txn.user) -m str ${Array.from({ length: 50 }, (_, at) => `tester-${at}`).join(' ')}
  acl gray req.cook(lane) -m str gray
  acl gray url_param(lane) -m str gray
  acl gray src 10.20.0.0/16 192.168.7.0/24
  acl gray path -m beg /beta/
  acl gray req.fhdr(host) -m str beta.example.com next.example.com
  acl ios req.fhdr(x-app) -m str ios
  acl recent req.fhdr(x-app-version) -m reg ^(7[.]([2-9]|[1-9][0-9]+)|([89]|[1-9][0-9]+)[.][0-9]+)[.]
  acl gray req.fhdr(accept-language) -m beg fr
  acl gray req.fhdr(x-partner) -m str a b c
  acl gray url_param(partner) -m found
  acl user var(txn.user) -m found
  acl ramp var(txn.user),xxh32(1),mod(100) lt 20
  http-request set-var(txn.lane) str(gray) if gray || ios recent || user ramp
  acl lane var(txn.lane) -m found
  acl tagged req.fhdr(baggage) -m sub graylane
  http-request del-header X-Graylane
  http-request replace-header Baggage (.*,)?[[:space:]]*graylane[[:space:]]*[=;][^,]*,?(.*) \\1\\2 if tagged
  http-request set-header X-Graylane gray if lane
  http-request set-header Baggage graylane=gray,%[req.fhdr(baggage)] if lane
  use_backend gray if lane
  default_backend stable
backend stable
  server one 127.0.0.1:${stable}
backend gray
  server one 127.0.0.1:${gray}
`;
}
