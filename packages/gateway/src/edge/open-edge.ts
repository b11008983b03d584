import type { EdgeConfig } from '../config/edge.ts';
import type { EdgeDuties } from './duties.ts';
import { openSigningKeys } from './key-source.ts';
import { openGeo } from './open-geo.ts';
import { openToken } from './open-token.ts';

/** Duties at the edge with what stands behind them: keys, files, and those who watch them. */
export interface OpenEdge {
  readonly duties: EdgeDuties;
  close(): void;
}

/**
 * Opens what the configuration asks for at the edge.
 *
 * @param directory what the paths of files are relative to
 * @param onError told what goes wrong later on: keys that cannot be fetched, a file that cannot be read
 * @throws GraylaneError `GL_CONFIG_INVALID` when keys or files cannot be had
 */
export async function openEdge(
  { passes, pin, token, geo, mirror }: EdgeConfig,
  directory: string,
  onError: (error: Error) => void,
): Promise<OpenEdge> {
  const keys = await openSigningKeys(passes?.keys ?? [], directory);
  const tokens = token && (await openToken(token, directory, onError));
  const places =
    geo &&
    (await openGeo(geo, directory, onError).catch((error) => {
      tokens?.close();
      throw error;
    }));
  return {
    duties: {
      ...(passes && { passes: { keys, maxLifetimeSeconds: passes.maxLifetimeSeconds } }),
      ...(pin && { pin: { ...pin, keys } }),
      ...(tokens && { token: tokens }),
      ...(places && { geo: places }),
      ...(mirror && { mirror }),
    },
    close() {
      tokens?.close();
      places?.close();
    },
  };
}
