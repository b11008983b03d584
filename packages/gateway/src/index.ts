export type { ListenAddress } from './config/address.ts';
export { type GatewayConfig, parseGatewayConfig } from './config/config.ts';
export type { ListenConfig } from './config/listen.ts';
export type { LogConfig } from './config/log.ts';
export { parseRoute } from './config/routes.ts';
export type { WorkerCount } from './config/workers.ts';
export type { EdgeDuties } from './edge/duties.ts';
export { type KeySource, openSigningKeys } from './edge/key-source.ts';
export { type OpenEdge, openEdge } from './edge/open-edge.ts';
export {
  PASS_FAULTS,
  type Pass,
  type PassFault,
  type PassRules,
  signPass,
  type VerifiedPass,
  verifyPass,
} from './edge/pass.ts';
export { PASS_NAME } from './edge/pass-carrier.ts';
export { generateKeyText, parseSigningKey, type SigningKey, type SigningKeys } from './edge/signing-key.ts';
export {
  createGateway,
  GATEWAY_LIMITS,
  type Gateway,
  type GatewayLimits,
  type GatewayOptions,
  type GatewayStatus,
  type ListenerStatus,
  type LiveOptions,
} from './gateway.ts';
export { readAuthorities } from './inbound/authorities.ts';
export type { CertificateFiles, ShownCertificate } from './inbound/certificates.ts';
export {
  LISTENER_LIMITS,
  type ListenerLimits,
  type ListenerOptions,
  type ListenOptions,
} from './inbound/listener.ts';
export { readTLSFiles, type TLSOptions } from './inbound/tls.ts';
export { type AdminOptions, createAdminServer } from './operate/admin.ts';
export { type AdminAnswers, type AnswerParts, answerFor, type Readiness } from './operate/admin-answers.ts';
export { isLoopback } from './operate/admin-guard.ts';
export type { LiveExplanation, RecentExplanation } from './operate/live-explanation.ts';
export {
  addMetrics,
  createMetrics,
  formatMetrics,
  type GatewayMetrics,
  grownOnly,
  type MetricsOptions,
  type MetricValues,
} from './operate/metrics.ts';
export { createRecent, type Recent } from './operate/recent.ts';
export type { ExchangeRecord } from './record.ts';
export { createRouteTable, type Route, routeByHost } from './routes.ts';
export type { Trust } from './trust.ts';
export { type HttpUpstreamOptions, httpUpstream } from './upstream/http-upstream.ts';
export type {
  Exchange,
  Upstream,
  UpstreamFailure,
  UpstreamHandler,
  UpstreamRequest,
  UpstreamTimeouts,
} from './upstream.ts';
export { type UpstreamsByProtocol, upstreamByProtocol } from './upstream-by-protocol.ts';
export { type Http2UpstreamOptions, http2Upstream } from './upstream-h2.ts';
export { type HttpsUpstreamOptions, httpsUpstream } from './upstream-https.ts';
