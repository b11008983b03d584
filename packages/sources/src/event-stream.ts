import { GraylaneError } from '@graylane/core';
import { createParser } from 'eventsource-parser';

/** One event of a stream of server-sent events. */
export interface ServerEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/**
 * Reads server-sent events from bytes as they come, however they are cut. What has no meaning is skipped, as the
 * specification demands (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * @param maxLength the most characters that a line or an event may have
 * @returns a function that takes the next bytes and answers with the events that they complete; it throws a
 * GraylaneError `GL_REGISTRY_REFUSED` when a line or event is too long, and for all bytes after that
 */
export function eventStreamReader(maxLength: number): (bytes: Uint8Array) => ServerEvent[] {
  const decoder = new TextDecoder();
  let events: ServerEvent[] = [];
  let overflow: GraylaneError | undefined;
  const parser = createParser({
    maxBufferSize: maxLength,
    onEvent: ({ event = 'message', id, data }) => events.push({ event, id, data }),
    onError: ({ type }) => {
      if (type !== 'max-buffer-size-exceeded') return;
      overflow = new GraylaneError('GL_REGISTRY_REFUSED', `An event has more than ${maxLength} characters`);
    },
  });
  return (bytes) => {
    if (!overflow) parser.feed(decoder.decode(bytes, { stream: true }));
    if (overflow) throw overflow;
    const complete = events;
    events = [];
    return complete;
  };
}
