import { GraylaneError, type Instance, openDocument, readInstance, type Value } from '@graylane/core';

/**
 * Instances from YAML or JSON text: a list of instances each with its `service`, or an object `{ service: [instances] }`.
 * An empty text is neither: whoever means "none" writes `[]`.
 *
 * @throws GraylaneError `GL_INSTANCES_INVALID` with every mistake, each with its place in the text
 */
export function parseInstancesFile(text: string): readonly Instance[] {
  const { root, issues } = openDocument(text);
  const instances = root ? readInstances(root) : [];
  if (issues.length > 0) throw new GraylaneError('GL_INSTANCES_INVALID', 'The instances have mistakes:', { issues });
  return instances;
}

function readInstances(root: Value): readonly Instance[] {
  const known = new Set<string>();
  const readOnce = (value: Value, within?: string): Instance[] => {
    const instance = readInstance(value, within);
    if (!instance) return [];
    const { service, id } = instance;
    const name = JSON.stringify([service, id]);
    if (known.has(name)) value.fail(`"${service}" has "${id}" already: give each its own id`);
    known.add(name);
    return [instance];
  };
  if (Array.isArray(root.raw)) return (root.list() ?? []).flatMap((value) => readOnce(value));
  if (root.raw === null) root.fail('must be a list of instances, or { service: [instances] }; write [] for none');
  const services = root.raw === null ? [] : (root.entries() ?? []);
  return services.flatMap(([service, list]) =>
    (list.list() ?? []).flatMap((value) => {
      const said = value.at('service');
      if (said.present && said.raw !== service) said.fail(`contradicts "${service}", under which it stands`);
      return readOnce(value, service);
    }),
  );
}
