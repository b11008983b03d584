import { resolve } from 'node:path';
import { geoFile, type Place, type PlaceHeaders, placeInHeaders } from './geo.ts';
import type { GeoConfig } from './geo-config.ts';

/** What of a request says where it comes from. */
export interface PlacedRequest {
  readonly ip: string;
  readonly lines: readonly string[];
  /** Whether a trusted proxy sent it, so that headers which say a place are true. */
  readonly believed: boolean;
}

/** Finds places as the configuration has it. */
export interface OpenGeo {
  /** The place of a request: what headers say, and what they do not say from the file. */
  place(request: PlacedRequest): Place;
  /** The headers that say a place: whoever is not believed must not send them on. */
  readonly headers: PlaceHeaders;
  close(): void;
}

/**
 * Opens what places are found by.
 *
 * @param directory what the path of the file is relative to
 * @param onError told when the file cannot be read later on; what it held before stays
 * @throws GraylaneError `GL_CONFIG_INVALID` when there is no such database
 */
export async function openGeo(
  { file: path, language, headers }: GeoConfig,
  directory: string,
  onError: (error: Error) => void,
): Promise<OpenGeo> {
  const database = path === undefined ? undefined : geoFile(resolve(directory, path), language, { onError });
  await database?.file.ready();
  return {
    headers,
    place: ({ ip, lines, believed }) => ({
      ...database?.find(ip),
      ...(believed && placeInHeaders(lines, headers)),
    }),
    close: () => database?.file.close(),
  };
}
