import { Type } from "@mikro-orm/core";

/** A half-open span of time: it has its start and not its end. */
export interface Span {
  readonly start: Date;
  readonly end: Date;
}

/** A `tstzrange` with both ends, which is what every column of that type here has. */
export class SpanType extends Type<Span, string> {
  override getColumnType(): string {
    return "tstzrange";
  }

  override convertToDatabaseValue(span: Span): string {
    return `[${span.start.toISOString()},${span.end.toISOString()})`;
  }

  override convertToJSValue(text: string): Span {
    const [, start, end] = /^\["([^"]+)","([^"]+)"\)$/.exec(text) ?? [];
    if (start === undefined || end === undefined) throw new Error(`Expected a half-open range with two ends, found ${text}`);
    return { start: new Date(start), end: new Date(end) };
  }

  /** Spans are compared by what is stored. */
  override compareAsType(): string {
    return "string";
  }
}
