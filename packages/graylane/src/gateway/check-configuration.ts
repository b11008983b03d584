import { dirname, resolve } from 'node:path';
import { authorityOf, GraylaneError, isGraylaneError } from '@graylane/core';
import { type GatewayConfig, openEdge } from '@graylane/gateway';
import { openRegistry } from '@graylane/sources/open';
import { formatFailure } from '../failure.ts';
import { readPolicy } from '../read-once.ts';
import { adminWarning } from './admin-listener.ts';
import { checkListeners } from './check-listeners.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { describeListeners } from './describe-listeners.ts';
import { resolveListeners } from './listeners.ts';
import { below } from './open-gateway.ts';

/**
 * Says what a gateway would do with a configuration, without listening and without asking the registry.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` with all that is wrong: with the configuration itself, or else with the policy,
 * its segment files, the form of the registry's URL, keys and files for the edge, certificates
 */
export async function checkConfiguration(path: string): Promise<string> {
  const configuration = await readConfiguration(path);
  const { config } = configuration;
  const directory = dirname(path);
  const checks = await Promise.allSettled([
    readPolicy(resolve(directory, config.policy.replace(/^file:(?:\/\/)?/, ''))),
    checkRegistry(below(directory, config.registry)),
    openEdge(config.edge, directory, () => {}).then((edge) => edge.close()),
    checkFiles(config, directory),
  ]);
  const failures = checks.flatMap((check) => (check.status === 'rejected' ? [check.reason as Error] : []));
  if (failures.length > 0) throw new GraylaneError('GL_CONFIG_INVALID', failures.map(textOf).join('\n'));
  const [policy, , , files] = checks;
  const rules = policy.status === 'fulfilled' ? policy.value.policy.rules.length : 0;
  const revision = policy.status === 'fulfilled' ? policy.value.revision : '';
  const warnings = files.status === 'fulfilled' ? files.value : [];
  return describe(configuration, `${rules === 1 ? '1 rule' : `${rules} rules`}, revision ${revision}`, warnings);
}

async function checkFiles({ listeners, instanceCA }: GatewayConfig, directory: string): Promise<readonly string[]> {
  const ca = instanceCA === undefined ? undefined : resolve(directory, instanceCA);
  return checkListeners(resolveListeners(directory, listeners), ca, Date.now());
}

/** Only whether it can be asked: whether it answers is a matter of the place, and not of the file. */
async function checkRegistry(url: string): Promise<void> {
  if (/^https?:/i.test(url) && !URL.canParse(url))
    throw new GraylaneError('GL_CONFIG_INVALID', `registry: "${url}" is no URL: write http://HOST:PORT`);
  try {
    const registry = await openRegistry(url);
    await registry.close();
  } catch (error) {
    if (isGraylaneError(error)) throw error;
    throw new GraylaneError('GL_CONFIG_INVALID', `registry: ${(error as Error).message}`, { cause: error });
  }
}

/** The whole has the code of a bad configuration already. */
function textOf(failure: Error): string {
  return isGraylaneError(failure, 'GL_CONFIG_INVALID') ? failure.message : formatFailure(failure);
}

function describe({ path, revision, config }: Configuration, policy: string, about: readonly string[]): string {
  const { admin, registry, workers } = config;
  const open = admin && adminWarning(admin.host, process.env.GRAYLANE_ADMIN_TOKEN || undefined);
  const warnings = [...(open === undefined ? [] : [open]), ...about];
  return [
    `${path} is good, configuration ${revision}`,
    `listen    ${describeListeners(config).join('\n          ')}`,
    `admin     ${admin ? authorityOf(admin) : 'nowhere'}`,
    `workers   ${workers}`,
    `registry  ${registry}`,
    `policy    ${config.policy}, ${policy}`,
    `routes    ${formatRoutes(config.routes)}`,
    ...warnings.flatMap((warning) => ['', warning]),
  ].join('\n');
}

function formatRoutes(routes: GatewayConfig['routes']): string {
  if (!routes) return 'the host is the service: http://cart/ goes to cart';
  return routes.map(({ host = '*', path = '/', service }) => `${host}${path} → ${service}`).join('\n          ');
}
