export { createAdminServer } from './admin.ts';
export type { ListenAddress } from './config/address.ts';
export { type GatewayConfig, parseGatewayConfig } from './config/config.ts';
export type { LogConfig } from './config/log.ts';
export { parseRoute } from './config/routes.ts';
export {
  createGateway,
  GATEWAY_LIMITS,
  type Gateway,
  type GatewayLimits,
  type GatewayOptions,
  type GatewayStatus,
} from './gateway.ts';
export type { ExchangeRecord } from './record.ts';
export { createRouteTable, type Route, routeByHost } from './routes.ts';
export type { Trust } from './trust.ts';
export type { Exchange, Upstream, UpstreamHandler, UpstreamRequest, UpstreamTimeouts } from './upstream.ts';
