import type { Instance } from '@graylane/core';
import {
  Client,
  credentials,
  type Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { atEnd, instanceAt } from '../stage.ts';

const codec = { serialize: (text: string) => Buffer.from(text), deserialize: (bytes: Buffer) => bytes.toString() };

function method(path: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/graylane.test.Echo/${path}`,
    requestStream,
    responseStream,
    requestSerialize: codec.serialize,
    requestDeserialize: codec.deserialize,
    responseSerialize: codec.serialize,
    responseDeserialize: codec.deserialize,
  };
}

/** A service of texts, with one method of each kind. */
export const ECHO = {
  unary: method('Unary', false, false),
  download: method('Download', false, true),
  upload: method('Upload', true, false),
  chat: method('Chat', true, true),
} satisfies ServiceDefinition;

/** Starts a real server of gRPC, and gives the instance to register. */
export async function startGRPC(methods: UntypedServiceImplementation, lane = 'stable'): Promise<Instance> {
  const server = new Server();
  server.addService(ECHO, methods);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  atEnd(() => server.forceShutdown());
  return { ...instanceAt(port, lane), metadata: { protocol: 'h2c' } };
}

/** A client of gRPC. */
export function openClient(port: number): Client {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  atEnd(() => client.close());
  return client;
}

/** What a unary call came to. */
export interface Called {
  readonly reply?: string | undefined;
  readonly code: number;
  readonly details: string;
  readonly trailers: Metadata;
}

/** Makes a unary call. */
export function callUnary(client: Client, text: string, metadata: Metadata, deadlineMs?: number): Promise<Called> {
  return new Promise((resolve) => {
    let reply: string | undefined;
    const { path, requestSerialize, responseDeserialize } = ECHO.unary;
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    client
      .makeUnaryRequest(path, requestSerialize, responseDeserialize, text, metadata, options, (_error, value) => {
        reply = value;
      })
      .on('status', ({ code, details, metadata: trailers }) =>
        setImmediate(() => resolve({ reply, code, details, trailers })),
      );
  });
}
